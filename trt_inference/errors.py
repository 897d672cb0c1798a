"""The errors that users of a bundle meet. Each message names the value and the remedy."""


class TrtInferenceError(Exception):
    """Base of all errors that this project raises on purpose."""


class BundleError(TrtInferenceError):
    """The bundle is missing, damaged, or has not what was asked of it."""


class EngineError(TrtInferenceError):
    """The engine cannot be opened or has failed while running."""


class ImageError(TrtInferenceError):
    """An image cannot be used: its size, encoding or amount of data is wrong."""
