"""`make bench`: what is measured here, side by side in one run, and written to docs/benchmarks.md."""
