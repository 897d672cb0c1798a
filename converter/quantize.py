"""Add precisions to a bundle that is there, so that a reader sees the old one or the new one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from converter.bundle_writer import REPORT_PAGE, new_bundle
from converter.options import QuantizeOptions
from converter.precision.make import Precisions, make_precisions
from converter.progress import Progress
from converter.report import storage
from trt_inference.bundle import Bundle, load_bundle


@dataclass(frozen=True)
class Quantization:
    """The bundle as it is now, and what was measured."""

    bundle: Bundle
    precisions: Precisions


def quantize(options: QuantizeOptions, progress: Progress) -> Quantization:
    """Make precisions of a bundle's fp32 model; on failure the bundle stays as it was.

    Raises:
        TrtInferenceError: one of ``converter.errors``, with what to do.
    """
    load_bundle(options.bundle).model_file("fp32")
    storage.read((options.bundle / REPORT_PAGE).parent)  # what is measured is added to it
    with new_bundle(options.bundle, overwrite=True) as folder:
        shutil.copytree(options.bundle, folder, dirs_exist_ok=True)
        made = make_precisions(
            folder, options.images, options.annotations, options.precision, progress
        )
    return Quantization(load_bundle(options.bundle), made)
