"""What differs between the two sides in one image."""
