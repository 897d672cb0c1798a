"""The errors that users of a bundle meet. Each message names the value and the remedy."""


class TrtInferenceError(Exception):
    """Base of all errors that this project raises on purpose."""


class BundleError(TrtInferenceError):
    """The bundle is missing, damaged, or has not what was asked of it."""


class EngineMissing(BundleError):
    """The bundle has no engine for this machine; ``precision`` is that which was looked for."""

    def __init__(self, message: str, precision: str) -> None:
        super().__init__(message)
        self.precision = precision


class EngineError(TrtInferenceError):
    """The engine cannot be opened or has failed while running."""


class FrameLost(EngineError):
    """There is no answer for the images of one run, as of a server that is not reached. ``kind``
    names why in a few words without values, to count by. The next run may be started
    nevertheless."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class DeviceFault(EngineError):
    """The GPU has failed in a way that only a new process recovers from."""


class Interrupted(TrtInferenceError):
    """The process was told to end while an engine was being loaded."""


class ResultError(TrtInferenceError):
    """What the network gave for an image is no result: scores or boxes that are not finite."""


class ImageError(TrtInferenceError):
    """An image cannot be used: its size, encoding or amount of data is wrong. ``kind`` names which
    in a few words without values, to count by."""

    def __init__(self, message: str, kind: str = "unusable") -> None:
        super().__init__(message)
        self.kind = kind
