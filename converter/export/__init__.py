"""SavedModel → ONNX in a process of its own: load, flatten, cut, set weights aside, tf2onnx."""
