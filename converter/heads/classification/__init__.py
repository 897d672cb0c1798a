"""Scores of whole images."""
