"""Writes bundles: a reader sees the old one or the new one, and never a part."""
