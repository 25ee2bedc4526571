"""Grafana's dashboards, as values; `make pages` writes them to dashboards/ as Grafana provisions them."""
