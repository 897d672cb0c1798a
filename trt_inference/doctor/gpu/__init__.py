"""The GPU, CUDA and TensorRT."""
