"""What Prometheus scrapes, records and alerts on; `rules/` and `tests/` are promtool's."""
