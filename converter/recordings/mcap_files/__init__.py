"""Reads MCAP files, whole or damaged."""
