"""`/diagnostics` and `~/latency`."""
