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
# What the messages of the bundle's own errors have in common, by the fault that they tell of.
_FAULTS = (
    ("has schema_version", "bundle-of-another-version", "Update trt_inference, or convert again."),
    ("is not a bundle", "no-bundle", "Give the folder that trt-inference convert made."),
    ("give the folder that it is in", "no-bundle", "Give the folder that convert made."),
    ("was changed", "bundle-changed", _COPY),
    ("cannot be read", "bundle-unreadable", _COPY),
)


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
    text = str(problem)
    for sign, fault, remedy in _FAULTS:
        if sign in text:
            return error(_SUBJECT, fault, text, remedy)
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
