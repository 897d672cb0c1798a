"""What the user provides: SavedModel, image input, pixels, and data set."""
