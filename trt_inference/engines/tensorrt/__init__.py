"""TensorRT on an NVIDIA GPU, with buffers and CUDA graphs made beforehand."""
