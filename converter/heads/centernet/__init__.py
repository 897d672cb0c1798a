"""CenterNet: a heatmap, offsets and sizes."""
