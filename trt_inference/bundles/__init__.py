"""Loads and checks bundles, sidecars and engine files, and chooses the precision."""
