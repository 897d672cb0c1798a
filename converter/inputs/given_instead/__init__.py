"""What was given instead of a SavedModel, and how to make one of it."""
