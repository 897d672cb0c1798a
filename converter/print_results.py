"""What the command line shows of a SavedModel and of a conversion."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from converter.saved_model import SavedModel
from converter.steps import Conversion
from converter.verify import Verification

# Below it, something is more likely to be wrong with the arguments than with the training.
LOW_ACCURACY = 0.4


def print_saved_model(saved_model: SavedModel, console: Console) -> None:
    """A table of signatures with their inputs and outputs."""
    console.print(
        f"{saved_model.path}, saved by TensorFlow {saved_model.tensorflow_version}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    table = Table("signature", "", "name", "dtype", "shape")
    for signature in saved_model.signatures.values():
        name = signature.name
        for kind, tensors in (("input", signature.inputs), ("output", signature.outputs)):
            for tensor in tensors:
                shape = str(tensor).partition(f"{tensor.dtype} ")[2]
                table.add_row(name, kind, tensor.name, tensor.dtype, shape.replace("[", "\\["))
                name = ""
        table.add_section()
    console.print(table)


def print_conversion(conversion: Conversion, console: Console) -> None:
    """The measurements, and the verdict last."""
    _print_parity(conversion.verification, console)
    verification = conversion.verification
    if verification.before and verification.after:
        table = Table("accuracy", "images", "mAP@0.5", "mAP@[.5:.95]")
        for name, accuracy in (
            ("TensorFlow", verification.before), ("bundle", verification.after)
        ):  # fmt: skip
            values = (f"{accuracy.map_50:.4f}", f"{accuracy.map_50_95:.4f}")
            table.add_row(name, str(accuracy.images), *values)
        console.print(table)
    if verification.before and verification.before.map_50 < LOW_ACCURACY:
        console.print(
            f"TensorFlow's own mAP@0.5 is only {verification.before.map_50:.2f}: see whether the "
            "labels are in the model's order, and --boxes, --channels and --scale right.",
            style="yellow", soft_wrap=True,
        )  # fmt: skip
    if not verification.detections.detections and not verification.synthetic:
        console.print(
            "TensorFlow itself detects nothing in these images: see whether --channels, --scale, "
            "--mean, --std and --boxes are those of the training.",
            style="yellow", soft_wrap=True,
        )  # fmt: skip
    if verification.synthetic:
        console.print(
            "Verified on synthetic images only: give --images with pictures of the robot's camera.",
            style="yellow", soft_wrap=True,
        )  # fmt: skip
    console.print(
        f"{conversion.bundle}: {conversion.bytes / 1e6:.1f} MB, {conversion.head}; the export took "
        f"{conversion.export_seconds:.1f} s and {conversion.export_peak_bytes / 1e9:.1f} GB",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip


def _print_parity(verification: Verification, console: Console) -> None:
    tensors = Table("output of the network", "max abs difference", "values up to", "cosine")
    for output in verification.tensors:
        values = (f"{output.max_abs:.2e}", f"{output.magnitude:.3g}", f"{output.cosine:.7f}")
        tensors.add_row(output.name, *values)
    console.print(tensors)
    found = verification.detections
    table = Table("detections", "matched", "missing", "extra", "lowest IoU", "score difference")
    table.add_row(
        str(found.detections), str(found.matched), str(found.missing), str(found.extra),
        f"{found.lowest_iou:.5f}", f"{found.largest_score_difference:.2e}",
    )  # fmt: skip
    console.print(table)
