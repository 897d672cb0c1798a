"""Recognises the head of a network and decodes it. One folder per family, found by its name."""
