"""NVIDIA Triton Inference Server on another computer, with an engine of this one beside it."""
