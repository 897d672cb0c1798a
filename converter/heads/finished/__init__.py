"""Finished detections in separate outputs: boxes, scores and class numbers."""
