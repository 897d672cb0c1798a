"""Finished detections in one output, as YOLOv10 and EfficientDet have them."""
