"""Where a model can be cut before the operators that some TensorRT lacks, and what makes these."""
