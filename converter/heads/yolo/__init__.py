"""YOLO's rows of boxes and class scores, with or without an objectness."""
