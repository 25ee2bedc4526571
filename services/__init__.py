"""Applications that are run, not installed: one folder for each worker."""
