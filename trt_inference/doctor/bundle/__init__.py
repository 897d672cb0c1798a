"""What runs of a bundle on this machine, and why the rest does not."""
