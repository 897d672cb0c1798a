"""The images that differ most, with what differs drawn on them."""
