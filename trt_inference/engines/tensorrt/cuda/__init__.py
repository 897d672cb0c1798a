"""CUDA's driver API from Python: one interface, and the libraries behind it."""
