"""Which operators each TensorRT and tf2onnx supports, and what to do about the others."""
