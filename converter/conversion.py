"""The results of a conversion as plain data, which the report and the terminal show."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional, Tuple

from converter.compatibility.refusals import Refusal
from converter.export.export import Export
from converter.export.exported_network import Network
from converter.export.own_input_size import OwnSize
from converter.heads.evidence import Recognised
from converter.inputs.image_input import ImageInput
from converter.inputs.pixels import Pixels
from converter.inputs.saved_model import SavedModel, Signature
from converter.inputs.tensor import Tensor
from converter.precision.precision_results import Precisions
from converter.verification.verification_results import TrainedComparison, Verification


@dataclass(frozen=True)
class Source:
    """What is known of a SavedModel before anything is run.

    Attributes:
        saved_model: its signatures.
        signature: the one that is converted, with no other outputs than the user names.
        image: the input that is the image.
        left_out: outputs of the signature that the user does not name.
        own_size: to which the graph resizes the image itself, and how; None where it does not, or
            the size is another.
    """

    saved_model: SavedModel
    signature: Signature
    image: ImageInput
    left_out: Tuple[Tensor, ...] = ()
    own_size: Optional[OwnSize] = None


@dataclass(frozen=True)
class Prepared:
    """An exported network, and how its input and outputs are understood."""

    source: Source
    exported: Export
    network: Network
    pixels: Pixels
    recognised: Recognised


@dataclass(frozen=True)
class Conversion:
    """What came out, and what was found out on the way.

    Attributes:
        bundle: the folder that was written.
        bytes: size of the model in it.
        source: what was read from the SavedModel.
        labels: names of the classes.
        export: the exported model, its notes, and what the export took.
        pixels: how camera images are made into what the network was trained on.
        recognised: the head, and why it was recognised as such.
        operators: operators of the bundle's model, with counts.
        refusals: what some versions of TensorRT do not take of the model.
        verification: what was measured.
        precisions: precisions that were made beside fp32.
        trained: how far they and fp32 are from what quantization-aware training has trained.
    """

    bundle: Path
    bytes: int
    source: Source
    labels: Tuple[str, ...]
    export: Export
    pixels: Pixels
    recognised: Recognised
    operators: Dict[str, int]
    refusals: Tuple[Refusal, ...]
    verification: Verification
    precisions: Optional[Precisions] = None
    trained: Optional[TrainedComparison] = None
