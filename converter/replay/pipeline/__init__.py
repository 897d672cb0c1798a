"""Reads, decodes, runs the engines and compares, each on threads of its own."""
