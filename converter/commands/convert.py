"""`convert`: the order of the steps from a SavedModel to a bundle."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Optional

from converter.bundle.write_bundle import check_output, new_bundle, write_manifest
from converter.commands import describe_bundle
from converter.commands.choose_labels import Labels
from converter.commands.choose_preprocessing import choose_preprocessing
from converter.commands.compare_trained import compare_trained, float_source, trained_model
from converter.commands.convert_options import ConvertOptions
from converter.commands.images_of_recording import check_images_from, with_images
from converter.commands.output_reader import OutputReader
from converter.commands.own_precision import with_own_precision, without_own_precision
from converter.commands.prepare import (
    compute_the_same,
    count_operators,
    export_network,
    may_keep_suppression,
    own_head_options,
    read_source,
)
from converter.commands.quantize import add_to_report
from converter.commands.verified_model import ModelWriter
from converter.conversion import Conversion, Prepared, Preprocessing, Source
from converter.errors import (
    DatasetError,
    ExportError,
    HeadError,
    ParityError,
    PrecisionError,
    RoundingError,
    SuppressionError,
)
from converter.export.opsets import Opsets
from converter.inputs.dataset import Dataset, read_labels
from converter.precision.make_precisions import make_precisions
from converter.precision.split_images import needs_images, require_images
from converter.report.page import add_trained, write_report
from converter.terminal.progress import Progress
from converter.verification.without_fake_quant import has_fake_quant_nodes
from trt_inference.bundles.bundle import load_bundle, model_bytes
from trt_inference.bundles.names import REPORT_FOLDER
from trt_inference.bundles.precisions import FP32


class _Material(NamedTuple):
    """What is read before anything is run."""

    source: Source
    dataset: Dataset
    labels: Labels


def convert(options: ConvertOptions, progress: Progress) -> Conversion:
    """Export, graft the stages, verify, and write the bundle; nothing is written on failure.

    Raises:
        TrtInferenceError: one of ``converter.errors``, with what to do.
    """
    with progress.step("read the SavedModel"):
        check_output(options.output, options.overwrite)
        check_images_from(options.images, options.images_from)
        if options.precision.precisions and not _may_lack_images(options):
            require_images(options.images)
        given = read_labels(options.source.labels)
        source = read_source(options.source)
        labels = Labels(given, source.files)
    with with_images(options, progress) as complete:
        return _convert(complete, source, labels, progress)


def _convert(
    options: ConvertOptions, source: Source, labels: Labels, progress: Progress
) -> Conversion:
    """Convert what was read, with images that are there."""
    dataset = labels.load(options)
    material = _Material(source, dataset, labels)
    with tempfile.TemporaryDirectory() as scratch:
        prepared = _prepare(options, material, Path(scratch), progress)
        dataset = labels.fit_dataset(dataset, prepared.labels, options)
        material = material._replace(dataset=dataset)
        try:
            return _write(options, prepared, dataset, progress)
        except SuppressionError as error:
            if not may_keep_suppression(prepared, options.source):
                raise
            return _write_with_suppression(options, prepared, material, progress, error)
        except RoundingError:  # no other opset changes that
            raise
        except ParityError as error:
            return _write_later(options, prepared, material, progress, error)


def _may_lack_images(options: ConvertOptions) -> bool:
    """Whether there are images in a recording, or training may have found all ranges of the
    precisions that are asked for."""
    if options.images_from is not None:
        return True
    if needs_images(options.precision):
        return False
    return has_fake_quant_nodes(options.source.saved_model)


def _prepare(
    options: ConvertOptions,
    material: _Material,
    scratch: Path,
    progress: Progress,
    known: Optional[Preprocessing] = None,
) -> Prepared:
    """Export into ``scratch``, and recognise how pictures are prepared and outputs are read.

    Args:
        known: how pictures are prepared, where that was found out before.
    """
    source, dataset, labels = material
    with progress.step("export to ONNX"):
        exported, network = export_network(source, options.source, scratch)
    read = OutputReader(source, network, exported.answer, dataset, labels, options.source)
    with progress.step("find out how pictures are prepared"):
        chosen = known or choose_preprocessing(exported, read, options.fitting)
    with progress.step("recognise the head"):
        recognised = read(chosen.pixels, chosen.fitting)
        head = recognised.head
        dataset.check_task(head.task, head.description)
        names, about = read.about(head)
    return Prepared(source, exported, network, chosen, recognised, names, about)


def _write_with_suppression(
    options: ConvertOptions,
    first: Prepared,
    material: _Material,
    progress: Progress,
    error: SuppressionError,
) -> Conversion:
    """Convert with the model's own suppression left in, where the robot's does not give the same.

    Args:
        first: with the suppression cut out; it shows how what the model gives is to be read.

    Raises:
        SuppressionError: it cannot be converted so either.
    """
    progress.note("the robot's suppression differs from the model's own, which is left in")
    source_options = replace(options.source, keep_suppression=True, head=own_head_options(first))
    options = replace(options, source=source_options)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            prepared = _prepare(options, material, Path(scratch), progress, first.preprocessing)
        except (ExportError, HeadError) as other:
            raise SuppressionError(f"{error}\nLeft in the network: {other}") from other
        return _write(options, prepared, material.dataset, progress)


def _write_later(
    options: ConvertOptions,
    prepared: Prepared,
    material: _Material,
    progress: Progress,
    error: ParityError,
) -> Conversion:
    """Convert at the latest opset, where the network computes something else there.

    Raises:
        ParityError: ``error``, where it does not, or another one where it is not right either.
    """
    opset, latest = prepared.network.opset, options.source.opsets.highest
    if opset >= latest:
        raise error
    progress.note(f"at opset {opset} the model differs from TensorFlow: opset {latest} is tried")
    opsets = Opsets(latest, latest, (f"at opset {opset} the model differs from TensorFlow",))
    options = replace(options, source=replace(options.source, opsets=opsets))
    with tempfile.TemporaryDirectory() as scratch:
        later = _prepare(options, material, Path(scratch), progress, prepared.preprocessing)
        if compute_the_same(prepared, later):
            raise error
        return _write(options, later, material.dataset, progress)


def _write(
    options: ConvertOptions, prepared: Prepared, dataset: Dataset, progress: Progress
) -> Conversion:
    """Graft the stages, write the bundle, verify it as a robot loads it, and put it in place."""
    with progress.step("load the SavedModel in TensorFlow"):
        source_model = float_source(options, prepared)
    with new_bundle(options.output, options.overwrite) as folder:
        writer = ModelWriter(options, prepared, source_model, dataset, folder, progress)
        content, model, refusals, verification = writer.write()
        content["precisions"][FP32].update(describe_bundle.measured_part(verification))
        write_manifest(folder, content)
        conversion = Conversion(
            bundle=options.output,
            bytes=model_bytes(content["precisions"][FP32]),
            source=prepared.source,
            labels=prepared.labels,
            export=prepared.exported,
            preprocessing=prepared.preprocessing,
            recognised=prepared.recognised,
            operators=count_operators(model),
            refusals=refusals,
            verification=verification,
            findings=prepared.findings,
            cautions=options.thresholds.without_effect(content["task"], content["needs_nms"]),
        )
        threshold = content["defaults"]["score_threshold"]
        write_report(folder / REPORT_FOLDER, conversion, score_threshold=threshold)
        conversion = _with_precisions(conversion, folder, options, progress)
        trained = trained_model(options, prepared, folder, dataset, progress)
        if trained is None:
            return conversion
        compared = compare_trained(trained, folder, list(load_bundle(folder).precisions))
        add_trained(folder / REPORT_FOLDER, compared)
        return replace(conversion, trained=compared)


def _with_precisions(
    conversion: Conversion, folder: Path, options: ConvertOptions, progress: Progress
) -> Conversion:
    """Make the precisions that are asked for beside fp32, and that in which the model computes."""
    chosen = with_own_precision(options.precision, conversion.export.answer.float_type)
    if not chosen.precisions:
        return conversion
    try:
        made = make_precisions(folder, options.images, options.annotations, chosen, progress)
    except (DatasetError, PrecisionError) as error:
        if options.precision.precisions:
            raise
        made = without_own_precision(chosen.own, options.output, error)
    add_to_report(folder, made)
    return replace(conversion, precisions=made)
