"""`check`: which versions of TensorRT build which precision of a bundle, without TensorRT."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

import onnx

from converter.compatibility.refusals import find_bundle_refusals
from converter.engine_builder.replace_uint8 import find_changes
from converter.errors import BuildError
from converter.tables.refusal_wording import refusal_text, version_range
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.choose_precision import gpu
from trt_inference.bundles.precisions import PRECISION_TABLE
from trt_inference.bundles.protobuf_reader import Data
from trt_inference.bundles.tensorrt_versions import (
    TARGETS,
    VERSIONS,
    documented_opset,
    reaches,
    target_of,
)

# The first with uint8, and the first whose networks may be typed by the model alone.
_WITH_BYTES, _TYPED = "8.5", "10.0"
_FLOAT16_FLAG = "FP16"


class Asked(NamedTuple):
    """A version of TensorRT, and the name under which it was asked for: a target's, or its own."""

    name: str
    tensorrt: str


class Obstacle(NamedTuple):
    """Something that keeps a precision from being built.

    Attributes:
        names: of those that are asked for and have it, in their order.
        text: one or more sentences, with what to do.
        of_nodes: it is about nodes of the network, before which the model may be cut.
    """

    names: Tuple[str, ...]
    text: str
    of_nodes: bool = False


@dataclass(frozen=True)
class BundleCheck:
    """What was found, without TensorRT.

    Attributes:
        asked: the versions.
        obstacles: of each precision, empty where all versions build it.
    """

    bundle: Bundle
    asked: Tuple[Asked, ...]
    obstacles: Dict[str, Tuple[Obstacle, ...]]

    def builds(self, precision: str, name: str) -> bool:
        """Whether nothing is known against a precision on a version that was asked for."""
        return not any(name in one.names for one in self.obstacles[precision])

    @property
    def is_clear(self) -> bool:
        """Whether nothing is known against any."""
        return not any(self.obstacles.values())


def all_versions() -> Tuple[Asked, ...]:
    """All versions that are known."""
    return tuple(Asked(version, version) for version in VERSIONS)


def check_bundle(folder: Path, asked: Sequence[Asked] = ()) -> BundleCheck:
    """Judge each precision of a bundle for each version: all that are known, if none is given.

    Raises:
        BundleError: ``folder`` is no bundle, or a model is missing or was changed.
    """
    bundle = load_bundle(folder)
    wanted = tuple(dict.fromkeys(asked)) or all_versions()
    obstacles = {
        precision: tuple(_obstacles(bundle, precision, wanted)) for precision in bundle.precisions
    }
    return BundleCheck(bundle, wanted, obstacles)


def _obstacles(bundle: Bundle, precision: str, asked: Sequence[Asked]) -> Iterator[Obstacle]:
    with bundle.open_model(precision) as opened, opened.map() as content:
        model = onnx.load_model_from_string(content[:])
        changes = tuple(_bytes(content, bundle.input.name, asked))
    yield from _opset(model, asked)
    yield from changes
    yield from _types(model, precision, asked)
    yield from _hardware(precision, asked)
    versions = tuple(dict.fromkeys(one.tensorrt for one in asked))
    for refusal in find_bundle_refusals(model, versions):
        yield Obstacle(_names(asked, refusal.lacking), refusal_text(refusal), of_nodes=True)


def _names(asked: Sequence[Asked], versions: Sequence[str]) -> Tuple[str, ...]:
    return tuple(one.name for one in asked if one.tensorrt in versions)


def _opset(model: onnx.ModelProto, asked: Sequence[Asked]) -> Iterator[Obstacle]:
    opset = max(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    by_most: Dict[int, List[str]] = {}
    for one in asked:
        most = documented_opset(one.tensorrt)
        if opset > most:
            by_most.setdefault(most, []).append(one.tensorrt)
    for most, versions in by_most.items():
        yield Obstacle(
            _names(asked, versions),
            f"TensorRT {version_range(list(dict.fromkeys(versions)))} knows opsets up to {most}, "
            f"and the model has opset {opset}: convert it again with --target "
            f"{target_of(versions[0]).name}.",
        )


def _bytes(model: Data, image: str, asked: Sequence[Asked]) -> Iterator[Obstacle]:
    """What the engine builder cannot make of an image of bytes, for versions without them."""
    without = [one.tensorrt for one in asked if not reaches(one.tensorrt, _WITH_BYTES)]
    if not without:
        return
    try:
        find_changes(model, image)
    except BuildError as error:
        yield Obstacle(
            _names(asked, without),
            f"TensorRT {version_range(list(dict.fromkeys(without)))} has no uint8: {error}.",
        )


def _types(model: onnx.ModelProto, precision: str, asked: Sequence[Asked]) -> Iterator[Obstacle]:
    """Before networks were typed, float16 had to be let in by a flag, which fp32 has not."""
    flags = PRECISION_TABLE[precision].builder_flags
    weak = [one.tensorrt for one in asked if not reaches(one.tensorrt, _TYPED)]
    if weak and _FLOAT16_FLAG not in flags and _has_float16(model):
        yield Obstacle(
            _names(asked, weak),
            f"TensorRT {version_range(list(dict.fromkeys(weak)))} takes no float16 in {precision}, "
            "and the model has such tensors: convert it again, as fp16 too.",
        )


def _has_float16(model: onnx.ModelProto) -> bool:
    half = onnx.TensorProto.FLOAT16
    casts = (
        given.i
        for node in model.graph.node
        if node.op_type == "Cast"
        for given in node.attribute
        if given.name == "to"
    )
    weights = (tensor.data_type for tensor in model.graph.initializer)
    return half in casts or half in weights


def _hardware(precision: str, asked: Sequence[Asked]) -> Iterator[Obstacle]:
    for name in dict.fromkeys(one.name for one in asked if one.name in TARGETS):
        gpus = [gpu(*capability) for capability in TARGETS[name].capabilities]
        lacking = [one.name for one in gpus if precision in one.lacks]
        if lacking and len(lacking) == len(gpus):
            yield Obstacle(
                (name,),
                f"{TARGETS[name].board}: {' and '.join(lacking)} have no {precision}: build "
                "another precision there.",
            )


def merged(obstacles: Dict[str, Tuple[Obstacle, ...]]) -> Dict[Obstacle, Tuple[str, ...]]:
    """Each obstacle once, with the precisions that it is in the way of."""
    found: Dict[Obstacle, List[str]] = {}
    for precision, those in obstacles.items():
        for one in those:
            found.setdefault(one, []).append(precision)
    return {one: tuple(dict.fromkeys(names)) for one, names in found.items()}
