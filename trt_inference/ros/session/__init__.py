"""What exists while the node is configured: loaded bundle, pipeline, swap, engine build."""
