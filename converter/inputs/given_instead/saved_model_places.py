"""Where the SavedModel is that was meant: in a folder of what was given, or around it."""

from pathlib import Path
from typing import Optional, Tuple

from converter.inputs.given_instead.untrusted import json_object
from trt_inference.bundles.manifest import MANIFEST

_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")


def describe_place(path: Path) -> Optional[str]:
    """Where the SavedModel is that ``path`` belongs to, or has in it; None where there is none."""
    if path.name in _GRAPHS and path.is_file():
        return f"'{path}' is the graph of a SavedModel: give the folder '{path.parent}'"
    if path.name == "variables" or path.parent.name == "variables":
        whole = path.parent if path.name == "variables" else path.parent.parent
        if _is_saved_model(whole):
            return f"'{path}' has the weights of a SavedModel: give the folder '{whole}'"
    if not path.is_dir():
        return None
    found = sorted((one for one in path.glob("*") if _is_saved_model(one)), key=_by_number)
    if found:
        others = ", ".join(f"'{one}'" for one in found[:-1])
        more = f" It has {others} too" if others else ""
        return f"{_lacks_graph(path)}: did you mean '{found[-1]}'?{more}"
    if (path / "keras_metadata.pb").is_file() or (path / "variables").is_dir():
        return (
            f"{_lacks_graph(path)}, but other files of one: copy the whole folder again, from "
            "where the model was saved"
        )
    return None


def describe_bundle(path: Path) -> Optional[str]:
    """That ``path`` is a bundle, or its manifest, which was converted before; None where it is
    neither."""
    manifest = path / MANIFEST if path.is_dir() else path
    if manifest.name != MANIFEST or not manifest.is_file():
        return None
    if "precisions" not in json_object(manifest.read_bytes()):
        return None
    return (
        f"'{manifest.parent}' is a bundle, which was converted already: trt-inference detect, "
        "quantize, check, report and build take it"
    )


def _lacks_graph(path: Path) -> str:
    return f"'{path}' is not a SavedModel, it has no {_GRAPHS[0]}"


def _is_saved_model(path: Path) -> bool:
    return any((path / name).is_file() for name in _GRAPHS)


def _by_number(path: Path) -> Tuple[int, str]:
    """Versions in their order: 9 before 10."""
    return (int(path.name) if path.name.isdigit() else -1, path.name)
