"""Keeps the node to what Humble has: its names, and how the node uses them."""
