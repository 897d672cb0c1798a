"""Transitions that fail or are not possible, and the bond to a lifecycle manager."""
