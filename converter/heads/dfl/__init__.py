"""Class scores and distances that are distributions, as YOLO from v8 on has before its decoding."""
