"""A bundle is taken to a robot on loopback."""
