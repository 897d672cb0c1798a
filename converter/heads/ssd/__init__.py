"""SSD and RetinaNet: offsets from anchors, and class scores."""
