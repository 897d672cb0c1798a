"""Backends, each in a folder of its own, and the interface of their engines."""
