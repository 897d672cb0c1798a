"""A probe: whether a bundle is whole, by its manifest and the hashes of all of its files."""

import sys
from typing import Any, Dict

from trt_inference.bundles.bundle import Bundle, load_bundle, model_bytes
from trt_inference.bundles.choose_precision import CPU, choose
from trt_inference.doctor.diagnosis import Diagnosis, error, ok
from trt_inference.doctor.probe import print_answer
from trt_inference.engines.free_memory import MIB
from trt_inference.errors import BundleError

_SUBJECT = "Bundle"
_COPY = "Copy the bundle again (trt-inference deploy BUNDLE user@robot:folder), or convert again."


def _examine(folder: str) -> Dict[str, Any]:
    """``diagnoses``; the ``precisions`` whose files are whole, with their bytes; and ``on_cpu``:
    the precision that ONNX Runtime would run, with the reason."""
    try:
        bundle = load_bundle(folder)
    except BundleError as problem:
        return {"diagnoses": [_explain(problem)], "precisions": {}, "on_cpu": ["", ""]}
    damaged = _damaged(bundle)
    whole = {
        name: model_bytes(entry) for name, entry in bundle.precisions.items() if name not in damaged
    }
    chosen = choose(bundle, "auto", CPU)
    diagnoses = list(damaged.values()) or [_whole(bundle)]
    return {
        "diagnoses": diagnoses,
        "precisions": whole,
        "on_cpu": [chosen.precision, str(chosen)],
    }


def _damaged(bundle: Bundle) -> Dict[str, Diagnosis]:
    """What is wrong with the models, by precision."""
    found: Dict[str, Diagnosis] = {}
    for name in bundle.precisions:
        try:
            bundle.open_model(name).close()
        except BundleError as problem:
            found[name] = _explain(problem)
    return found


def _explain(problem: BundleError) -> Diagnosis:
    """The fault of a message, which itself has the values and often the remedy."""
    text = str(problem)
    if "has schema_version" in text:
        remedy = "Update trt_inference here, or convert again with the converter of its version."
        return error(_SUBJECT, "bundle-of-another-version", text, remedy)
    if "is not a bundle" in text or "give the folder that it is in" in text:
        remedy = "Give the folder that trt-inference convert made."
        return error(_SUBJECT, "no-bundle", f"{text.partition('. Make one')[0]}.", remedy)
    if "was changed" in text:
        return error(_SUBJECT, "bundle-changed", text, _COPY)
    if "cannot be read" in text:
        return error(_SUBJECT, "bundle-unreadable", text, _COPY)
    return error(_SUBJECT, "bundle-invalid", text, _COPY)


def _whole(bundle: Bundle) -> Diagnosis:
    size = sum(map(model_bytes, bundle.precisions.values()))
    return ok(
        _SUBJECT,
        f"'{bundle.name}', a {bundle.task} of {len(bundle.labels)} classes in images of "
        f"{bundle.input.width}x{bundle.input.height}, is whole: "
        f"{', '.join(bundle.precisions)}, {size / MIB:.1f} MiB.",
    )


if __name__ == "__main__":
    print_answer(_examine(sys.argv[1]))
