"""ONNX Runtime on the CPU, for machines without a GPU."""
