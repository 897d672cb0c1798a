"""The TF Object Detection API, with or without a suppression that was cut out."""
