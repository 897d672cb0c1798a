"""`quantize`: add precisions to a bundle; a reader sees the old bundle or the new one."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from converter.bundle.write_bundle import new_bundle
from converter.commands.convert_options import QuantizeOptions
from converter.commands.images_of_recording import check_images_from, with_images
from converter.errors import OutputError
from converter.precision.make_precisions import make_precisions
from converter.precision.precision_results import Precisions
from converter.report import report_files
from converter.report.page import add_precisions
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import Bundle, load_bundle, model_bytes
from trt_inference.bundles.manifest import read_manifest
from trt_inference.bundles.names import REPORT_FOLDER
from trt_inference.bundles.precisions import FP32


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
    check_images_from(options.images, options.images_from)
    load_bundle(options.bundle).model_file(FP32)
    bundle = options.bundle.resolve()  # which may be where the shell stands
    report_files.load_report(bundle / REPORT_FOLDER)  # what is measured is added to it
    before = read_manifest(bundle)["sha256"]
    with with_images(options, progress) as given, new_bundle(bundle, overwrite=True) as folder:
        shutil.copytree(bundle, folder, dirs_exist_ok=True)  # novm: on workstations only
        made = make_precisions(folder, given.images, given.annotations, given.precision, progress)
        add_to_report(folder, made)
        if read_manifest(bundle)["sha256"] != before:
            raise OutputError(
                f"'{options.bundle}' was changed by another command meanwhile, which is not undone:"
                " run this one again"
            )
    return Quantization(load_bundle(bundle), made)


def add_to_report(folder: Path, made: Precisions) -> None:
    """Show precisions in the report of the bundle in ``folder``.

    Those of which the bundle keeps the file of an earlier run stay as they are shown.

    Raises:
        OutputError: the bundle has no report that can be read.
    """
    bundle = load_bundle(folder)
    add_precisions(
        folder / REPORT_FOLDER,
        [result for result in made.results if result.precision not in made.kept],
        model_bytes(bundle.precisions["fp32"]),
        bundle.task,
        bundle.labels,
        bundle.defaults.score_threshold,
    )
