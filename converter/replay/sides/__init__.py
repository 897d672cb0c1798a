"""The two sides of a replay: bundles with their engines, and what a robot published."""
