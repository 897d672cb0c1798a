"""Measures both sides on the images of a recording that people have annotated."""
