"""FCOS: class scores and distances of one or several levels."""
