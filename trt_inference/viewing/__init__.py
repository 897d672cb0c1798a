"""Draws results, and reads image files and videos."""
