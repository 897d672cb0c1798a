"""Writes bundles into model repositories of NVIDIA Triton Inference Server: a server sees a whole
version or none."""
