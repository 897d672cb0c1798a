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


class CutAt(NamedTuple):
    """Tensors at which a model ends, by their names in the graph, and the names that they are
    given; none where they keep their own."""

    tensors: Tuple[str, ...]
    names: Tuple[str, ...] = ()


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

    def outputs(self, cut: CutAt) -> Tuple[Tensor, ...]:
        """The tensors of a cut, named as ``--outputs`` takes them."""
        own = tuple(map(self._describe, cut.tensors))
        if not cut.names:
            return own
        pairs = zip(cut.names, own, strict=True)  # novm
        return tuple(replace(one, name=f"{name}={one.name}") for name, one in pairs)

    def _describe(self, tensor: str) -> Tensor:
        """A tensor, or the output of the signature that it is."""
        own = [one for one in self.whole.outputs if self.inside.is_the_same(one.graph_name, tensor)]
        return own[0] if own else self.inside.describe(tensor)

    def try_to_end_at(self, cut: CutAt) -> CutTrial:
        """Export what ends at a cut, and recognise the head, as a conversion does."""
        source, options = self._ending_at(cut)
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

    def look_at(self, cuts: Sequence[CutAt]) -> "LookedAt":
        """Run the network with the tensors of all cuts as its outputs.

        Raises:
            ExportError, HeadError, SavedModelError: that is not possible.
        """
        tensors = tuple(dict.fromkeys(tensor for cut in cuts for tensor in cut.tensors))
        source, options = self._ending_at(CutAt(tensors))
        options = replace(options, keep_suppression=True)
        with tempfile.TemporaryDirectory() as scratch:
            exported, network = export_network(source, options, Path(scratch))
            dataset = load_dataset(None, None, self.labels.names, 0)
            given, _ = pixels_of_files(source.files, options.pixels, network)
            pixels, _ = find_pixels(exported, network, given, dataset, None, (STRETCH,))
            seen = run_on_images(network, pixels, dataset, Fitting(STRETCH))
        return LookedAt(self, seen, dict(zip(tensors, options.outputs, strict=True)))  # novm

    def reason_against(self, seen: Evidence, cut: CutAt) -> str:
        """Why no head reads all the tensors of a cut, whose values are ``seen``; empty where one
        does."""
        source, options = self._ending_at(cut)
        try:
            recognised = self.labels.recognise(
                lambda count: recognise_head(seen, source, ExportAnswer(), count, options),
                load_dataset(None, None, self.labels.names, 0),
                options.head,
            )
        except HeadError as error:
            return str(error).splitlines()[0]
        read = recognised.head.inputs
        return "" if all(name in read for name in seen.values) else "not all of it would be read"

    def _ending_at(self, cut: CutAt) -> Tuple[Source, SourceOptions]:
        """The source and the options with these outputs."""
        names = tuple(one.name for one in self.outputs(cut))
        own = tuple(map(self._describe, cut.tensors))
        given = cut.names or tuple(one.name for one in own)
        pairs = zip(given, own, strict=True)  # novm
        taken = tuple(replace(one, name=name) for name, one in pairs)
        is_own = all(one in self.whole.outputs for one in taken)
        signature = replace(self.whole, outputs=taken, whole=() if is_own else self.whole.outputs)
        left_out = tuple(one for one in self.whole.outputs if one not in taken)
        source = replace(self.source, signature=signature, left_out=left_out)
        return source, replace(self.options, outputs=names)


class LookedAt(NamedTuple):
    """Values of many tensors for the same pictures, and their names for ``--outputs``."""

    trials: CutTrials
    seen: Evidence
    names: Dict[str, str]

    def reason_against(self, cut: CutAt) -> str:
        """Why no head reads the tensors of a cut; empty where one does."""
        known = {output.name: output for output in self.seen.outputs}
        names = [self.names[tensor] for tensor in cut.tensors]
        if not all(name in known and _is_of_images(known[name]) for name in names):
            return "a tensor has no numbers for each image"
        pairs = list(zip(cut.names or names, names, strict=True))  # novm
        outputs = tuple(replace(known[name], name=given) for given, name in pairs)
        values = {given: self.seen.values[name] for given, name in pairs}
        return self.trials.reason_against(replace(self.seen, outputs=outputs, values=values), cut)


def _is_of_images(output: Tensor) -> bool:
    """Whether it has numbers for each image of a batch."""
    return output.dtype == "float32" and output.shape is not None and output.shape[:1] == (-1,)
