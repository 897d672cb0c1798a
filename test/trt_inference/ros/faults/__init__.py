"""What goes wrong around a node that runs for months: each with real processes."""
