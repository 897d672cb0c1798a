"""What is said of the nodes that some TensorRT refuses."""

from typing import List, Sequence, Tuple

from converter.compatibility.refusals import Refusal
from converter.export.unsupported import layer_of
from converter.tables.wording import counted
from trt_inference.bundles.tensorrt_versions import VERSIONS

_LAYERS_SHOWN = 3


def layers(refusal: Refusal) -> Tuple[str, ...]:
    """The layers of the TensorFlow model whose nodes are refused, each once and in order."""
    origins = refusal.origins or tuple((node,) for node in refusal.nodes)
    return tuple(dict.fromkeys(map(_place, origins)))


def _place(names: Sequence[str]) -> str:
    """The layer of an operator, or what is before and after it, of which one may be empty."""
    found = list(dict.fromkeys(_layer(name) for name in names if name))
    if all(names):
        return " to ".join(found)
    return f"{'after' if names[0] else 'before'} {found[0]}"


def _layer(name: str) -> str:
    """The layer of an operator, or the operator itself where it is in none."""
    last = name.rsplit("/", maxsplit=1)[-1]
    layer = layer_of(name)
    return last if layer == layer_of(last) else layer


def version_range(lacking: Sequence[str]) -> str:
    """Versions in a few words: ``8.0 to 8.4`` where none between them is left out."""
    known = [version for version in VERSIONS if version in lacking]
    if list(lacking) != known:
        return ", ".join(lacking)
    parts: List[List[str]] = []
    for version in known:
        follows = parts and VERSIONS.index(version) == VERSIONS.index(parts[-1][-1]) + 1
        if follows:
            parts[-1].append(version)
        else:
            parts.append([version])
    return ", ".join(part[0] if len(part) == 1 else f"{part[0]} to {part[-1]}" for part in parts)


def places(refusal: Refusal) -> str:
    """Where the nodes are: ``2 nodes, layers up_1, up_2``."""
    found = layers(refusal)
    shown = ", ".join(found[:_LAYERS_SHOWN])
    more = f" and {len(found) - _LAYERS_SHOWN} more" if len(found) > _LAYERS_SHOWN else ""
    name = "layer" if len(found) == 1 else "layers"
    nodes = f"node {refusal.nodes[0]}" if refusal.count == 1 else counted(refusal.count, "node")
    return f"{nodes}, {name} {shown}{more}"


def refusal_text(refusal: Refusal) -> str:
    """A refusal as one sentence, with the nodes and what to do."""
    versions = version_range(refusal.lacking)
    if not refusal.limit:
        return (
            f"TensorRT {versions} does not have {refusal.operator} ({places(refusal)}): "
            f"{refusal.remedy}."
        )
    return (
        f"TensorRT {versions} refuses this {refusal.operator} ({places(refusal)}): it takes "
        f"{refusal.limit}. {refusal.remedy[:1].upper()}{refusal.remedy[1:]}."
    )
