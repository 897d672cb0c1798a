"""A camera that plays a file: ros2 run trt_inference video FILE."""
