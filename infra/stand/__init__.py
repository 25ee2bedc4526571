"""What benchmarks and comparisons stand on: both servers, fresh, and echo workers that draw nothing."""
