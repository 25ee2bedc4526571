"""What can go wrong between processes, on purpose: for tests and the soak."""
