"""What can go wrong between a bundle's ONNX model and its engine."""

from trt_inference.errors import TrtInferenceError


class BuildError(TrtInferenceError):
    """An engine cannot be built or taken in here; with what to do."""
