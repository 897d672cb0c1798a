"""Reads what tools write beside or into a SavedModel: labels, task, size, pixels, fit."""
