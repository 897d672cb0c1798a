"""A detector of drawn shapes: scenes, training, a camera, and the demo."""
