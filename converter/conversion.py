"""The results of a conversion as plain data, which the report and the terminal show."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Optional, Tuple

from converter.compatibility.refusals import Refusal
from converter.export.export import Export
from converter.export.exported_network import Network
from converter.export.own_input_size import OwnSize
from converter.heads.evidence import Recognised
from converter.inputs.finding import Finding
from converter.inputs.image_input import ImageInput
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.pixels import Pixels
from converter.inputs.saved_model import SavedModel, Signature
from converter.inputs.tensor import Tensor
from converter.precision.precision_results import Precisions
from converter.verification.verification_results import TrainedComparison, Verification
from trt_inference.bundles.bundle import Fitting


@dataclass(frozen=True)
class Source:
    """What is known of a SavedModel before anything is run.

    Attributes:
        saved_model: its signatures.
        signature: the one that is converted, with no other outputs than the user names.
        image: the input that is the image.
        left_out: outputs of the signature that the user does not name.
        files: what files beside or in it tell.
        own_size: to which the graph resizes the image itself, and how; None where it does not, or
            the size is another.
    """

    saved_model: SavedModel
    signature: Signature
    image: ImageInput
    left_out: Tuple[Tensor, ...] = ()
    files: ModelFiles = field(default_factory=ModelFiles)
    own_size: Optional[OwnSize] = None


@dataclass(frozen=True)
class Preprocessing:
    """How a picture is made into what the network was trained on.

    Attributes:
        findings: what shows it, or that it is assumed.
    """

    pixels: Pixels
    fitting: Fitting
    findings: Tuple[Finding, ...] = ()

    @property
    def assumes_pixels(self) -> bool:
        """Whether nothing shows the range of the pixels."""
        return any(one.subject == "pixels" and one.assumed for one in self.findings)


@dataclass(frozen=True)
class Prepared:
    """An exported network, and how its input and outputs are understood.

    Attributes:
        labels: names of the classes.
        about_head: what files tell of the task, and where the names come from.
    """

    source: Source
    exported: Export
    network: Network
    preprocessing: Preprocessing
    recognised: Recognised
    labels: Tuple[str, ...]
    about_head: Tuple[Finding, ...] = ()

    @property
    def findings(self) -> Tuple[Finding, ...]:
        """What was found out about pictures and classes, or had to be assumed."""
        return (*self.preprocessing.findings, *self.about_head)

    @property
    def pixels(self) -> Pixels:
        """What the network gets for the values of a picture."""
        return self.preprocessing.pixels


@dataclass(frozen=True)
class Conversion:
    """What came out, and what was found out on the way.

    Attributes:
        bundle: the folder that was written.
        bytes: size of the model in it.
        source: what was read from the SavedModel.
        labels: names of the classes.
        export: the exported model, its notes, and what the export took.
        preprocessing: how camera images are made into what the network was trained on.
        recognised: the head, and why it was recognised as such.
        operators: operators of the bundle's model, with counts.
        refusals: what some versions of TensorRT do not take of the model.
        verification: what was measured.
        precisions: precisions that were made beside fp32.
        trained: how far they and fp32 are from what quantization-aware training has trained.
        cautions: sentences on options that have no effect.
        findings: what was found out about the model's pictures and classes, or had to be assumed.
    """

    bundle: Path
    bytes: int
    source: Source
    labels: Tuple[str, ...]
    export: Export
    preprocessing: Preprocessing
    recognised: Recognised
    operators: Dict[str, int]
    refusals: Tuple[Refusal, ...]
    verification: Verification
    precisions: Optional[Precisions] = None
    trained: Optional[TrainedComparison] = None
    cautions: Tuple[str, ...] = ()
    findings: Tuple[Finding, ...] = ()

    @property
    def assumed(self) -> Tuple[str, ...]:
        """All that nothing shows: of the outputs, the pictures and the classes."""
        others = [f"{one.subject}: {one.text}" for one in self.findings if one.assumed]
        return (*self.recognised.assumed, *others)

    @property
    def contradictions(self) -> Tuple[str, ...]:
        """What does not fit together: options, files and the model itself."""
        return tuple(f"{one.subject}: {one.text}" for one in self.findings if one.caution)
