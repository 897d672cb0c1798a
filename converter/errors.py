"""What can go wrong on the way from a SavedModel to a bundle."""

from trt_inference.errors import TrtInferenceError


class SavedModelError(TrtInferenceError):
    """The SavedModel is missing or unreadable, or has not the signature that was asked for."""


class ExportError(TrtInferenceError):
    """tf2onnx failed, or wrote a graph that is not valid."""


class HeadError(TrtInferenceError):
    """The outputs of the network do not have the layout of the head family."""


class ModelFileError(TrtInferenceError):
    """A file that a model brought along cannot be used; the conversion goes on without it."""


class DatasetError(TrtInferenceError):
    """Labels, images or annotations that the user gave do not fit each other or the model."""


class ParityError(TrtInferenceError):
    """The converted model does not give what the source model gives."""


class SuppressionError(ParityError):
    """A suppression that was cut out of the source model lets other boxes through than the
    robot's."""


class RoundingError(ParityError):
    """The source model gives something else in its own narrow float type than in float32."""


class OutputError(TrtInferenceError):
    """The bundle cannot be written."""


class PrecisionError(TrtInferenceError):
    """A precision cannot be made, or loses more accuracy than is allowed."""


class BuildError(TrtInferenceError):
    """An engine cannot be built or taken in here; with what to do."""


class DeployError(TrtInferenceError):
    """The bundle cannot be taken to the robot, or nothing can be built there."""


class RecordingError(TrtInferenceError):
    """A recording is missing or cannot be read, or has not the topics that were asked for."""


class ReplayError(TrtInferenceError):
    """Two sides of a replay cannot be compared, or its results cannot be written."""


class ModelRepositoryError(TrtInferenceError):
    """A bundle cannot be put into the model repository of a server; with what to do."""
