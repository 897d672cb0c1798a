"""Examples to run, and to start from."""
