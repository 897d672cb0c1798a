"""What the benchmarks decide."""
