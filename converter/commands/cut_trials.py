"""`inspect`: what comes out where a model is cut at some tensors, by exports of it."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Dict, FrozenSet, NamedTuple, Optional, Sequence, Tuple

from converter.commands.choose_labels import Labels
from converter.commands.choose_preprocessing import choose_preprocessing
from converter.commands.convert_options import FittingOptions, SourceOptions
from converter.commands.output_reader import OutputReader
from converter.commands.prepare import export_network, recognise_head, run_on_images
from converter.commands.told_by_files import pixels_of_files
from converter.compatibility.refusals import find_bundle_refusals
from converter.conversion import Source
from converter.cuts.refused_nodes import origins_in
from converter.errors import ExportError, HeadError, SavedModelError
from converter.export.inner_tensors import InnerTensors
from converter.export.request_answer import ExportAnswer
from converter.heads.evidence import Evidence, Recognised
from converter.inputs.dataset import load_dataset
from converter.inputs.saved_model import Signature
from converter.inputs.tensor import Tensor
from converter.preprocessing.find_pixels import find_pixels
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import STRETCH

Tensors = Tuple[str, ...]  # by their names in the graph


class CutTrial(NamedTuple):
    """What comes out of a model that ends at some tensors.

    Attributes:
        refused: nodes of TensorFlow's graph that are refused all the same.
        recognised: the head; None where there is none, or something is refused.
        is_exported: whether it could be exported at all.
    """

    refused: FrozenSet[str] = frozenset()
    recognised: Optional[Recognised] = None
    is_exported: bool = True


class CutTrials(NamedTuple):
    """A model that can be tried to end at any tensors.

    Attributes:
        inside: its graph.
        versions: of TensorRT.
    """

    source: Source
    options: SourceOptions
    labels: Labels
    inside: InnerTensors
    versions: Tuple[str, ...]

    @property
    def whole(self) -> Signature:
        """The signature with all its own outputs."""
        return self.source.saved_model.signatures[self.source.signature.name]

    def describe(self, tensor: str) -> Tensor:
        """A tensor with the name for ``--outputs``: that of an output, where it is one."""
        own = [one for one in self.whole.outputs if self.inside.is_the_same(one.graph_name, tensor)]
        return own[0] if own else self.inside.describe(tensor)

    def try_to_end_at(self, tensors: Tensors) -> CutTrial:
        """Export what ends at ``tensors``, and recognise the head, as a conversion does."""
        source, options = self._ending_at(tensors)
        with tempfile.TemporaryDirectory() as scratch:
            try:
                exported, network = export_network(source, options, Path(scratch))
            except ExportError:
                return CutTrial(is_exported=False)
            refusals = find_bundle_refusals(network.model, self.versions)
            if refusals:
                return CutTrial(frozenset(origins_in(self.inside.view, refusals)))
            dataset = load_dataset(None, None, self.labels.names, 0)
            answer = replace(exported.answer, notes=())
            read = OutputReader(source, network, answer, dataset, self.labels, options)
            try:
                chosen = choose_preprocessing(exported, read, FittingOptions())
                return CutTrial(recognised=read(chosen.pixels, chosen.fitting))
            except (HeadError, SavedModelError):
                return CutTrial()

    def look_at(self, cuts: Sequence[Tensors]) -> "LookedAt":
        """Run the network with the tensors of all cuts as its outputs.

        Raises:
            ExportError, HeadError, SavedModelError: that is not possible.
        """
        tensors = tuple(dict.fromkeys(tensor for cut in cuts for tensor in cut))
        source, options = self._ending_at(tensors)
        options = replace(options, keep_suppression=True)
        with tempfile.TemporaryDirectory() as scratch:
            exported, network = export_network(source, options, Path(scratch))
            dataset = load_dataset(None, None, self.labels.names, 0)
            given, _ = pixels_of_files(source.files, options.pixels, network)
            pixels, _ = find_pixels(exported, network, given, dataset, None, (STRETCH,))
            seen = run_on_images(network, pixels, dataset, Fitting(STRETCH))
        return LookedAt(self, seen, dict(zip(tensors, options.outputs, strict=True)))  # novm

    def reads(self, seen: Evidence, cut: Tensors) -> bool:
        """Whether a head reads all the tensors of a cut, whose values are ``seen``."""
        source, options = self._ending_at(cut)
        try:
            recognised = self.labels.recognise(
                lambda count: recognise_head(seen, source, ExportAnswer(), count, options),
                load_dataset(None, None, self.labels.names, 0),
                options.head,
            )
        except HeadError:
            return False
        return all(name in recognised.head.inputs for name in seen.values)

    def _ending_at(self, tensors: Tensors) -> Tuple[Source, SourceOptions]:
        """The source and the options with these outputs."""
        taken = tuple(map(self.describe, tensors))
        is_own = all(one in self.whole.outputs for one in taken)
        signature = replace(self.whole, outputs=taken, whole=() if is_own else self.whole.outputs)
        left_out = tuple(one for one in self.whole.outputs if one not in taken)
        source = replace(self.source, signature=signature, left_out=left_out)
        return source, replace(self.options, outputs=tuple(one.name for one in taken))


class LookedAt(NamedTuple):
    """Values of many tensors for the same pictures, and their names for ``--outputs``."""

    trials: CutTrials
    seen: Evidence
    names: Dict[str, str]

    def is_read(self, cut: Tensors) -> bool:
        """Whether a head reads the tensors of a cut."""
        names = [self.names[tensor] for tensor in cut]
        outputs = tuple(one for one in self.seen.outputs if one.name in names)
        if len(outputs) < len(names) or not all(map(_is_of_images, outputs)):
            return False
        values = {name: self.seen.values[name] for name in names}
        return self.trials.reads(replace(self.seen, outputs=outputs, values=values), cut)


def _is_of_images(output: Tensor) -> bool:
    """Whether it has numbers for each image of a batch."""
    return output.dtype == "float32" and output.shape is not None and output.shape[:1] == (-1,)
