"""From a SavedModel to an exported network whose head is recognised: what inspect and convert
have in common."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Dict, Mapping, Optional, Sequence, Tuple

import numpy as np
import onnx

from converter.commands.choose_outputs import with_outputs
from converter.commands.convert_options import SourceOptions
from converter.commands.hub_module import describe_left_out, result_of_hub_module
from converter.commands.signature_suggested import signature_suggested
from converter.conversion import Prepared, Source
from converter.errors import HeadError, SavedModelError
from converter.export.export import Export, ExportOptions, export
from converter.export.exported_network import Network
from converter.export.own_input_size import OwnSize, own_input_size
from converter.export.request_answer import ExportAnswer, Suppression
from converter.export.unsupported import layer_of
from converter.heads.choose import AUTO, choose_head
from converter.heads.decoding.corner_order import order_of_entering, order_of_leaving
from converter.heads.evidence import Evidence, HeadOptions, Recognised
from converter.heads.unsupported.refuse_names import refuse_unsupported_names
from converter.inputs.dataset import Dataset
from converter.inputs.image_input import ImageInput, check_input_size, find_image_of_any_size
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.model_files.read_model_files import read_model_files
from converter.inputs.pixels import Pixels
from converter.inputs.saved_model import SavedModel, Signature, read_saved_model
from converter.onnx_tools.edit import all_nodes
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import DETECTION
from trt_inference.inference.frame import Frame
from trt_inference.inference.geometry import Placement
from trt_inference.inference.preprocess import Preprocessor

# So many images show what values the outputs take.
IMAGES_LOOKED_AT = 8


def read_source(options: SourceOptions) -> Source:
    """Read the SavedModel and find its image input. Its size is that of the option, of the
    signature, or of the graph's own resize.

    Raises:
        SavedModelError: it is not readable, or has no such signature or input.
        HeadError: the names of its outputs are those of a task without a bundle.
    """
    saved_model = read_saved_model(options.saved_model, options.tag)
    with signature_suggested(saved_model, None, options):
        whole = saved_model.signature(options.signature)
    with signature_suggested(saved_model, whole, options):
        return _read_signature(saved_model, whole, options)


def _read_signature(saved_model: SavedModel, whole: Signature, options: SourceOptions) -> Source:
    """The part of a signature that is converted, and its image input."""
    files = read_model_files(options.saved_model)
    names = options.outputs or result_of_hub_module(whole)
    signature = with_outputs(saved_model, whole, names)
    if options.head.head == AUTO:  # before the export, which takes minutes
        _refuse_task_of_files(files)
        refuse_unsupported_names([tensor.name for tensor in signature.outputs])
    unknown = sorted(set(options.values) - {tensor.name for tensor in signature.inputs})
    if unknown:
        raise SavedModelError(
            f"--set {unknown[0]}: signature '{signature.name}' has no such input, it has "
            f"{', '.join(tensor.name for tensor in signature.inputs)}"
        )
    image = find_image_of_any_size(
        signature,
        options.input_size,
        options.input,
        options.values,
        grey=options.pixels.channels == "grey",
    )
    own = own_input_size(saved_model, signature, image) if min(image.size) < 1 else None
    if files.input_size is not None and min(image.size) < 1:
        image = _with_size_of_files(image, files.input_size)
        own = own if own is not None and image.size == (own.height, own.width) else None
    elif own is not None:
        image = _with_own_size(image, own)
    _check_size(image, signature, files)
    options.pixels.resolve(image, False)  # before anything that takes time
    left_out = tuple(tensor for tensor in whole.outputs if tensor not in signature.outputs)
    return Source(saved_model, signature, image, left_out, files, own)


def _refuse_task_of_files(files: ModelFiles) -> None:
    if files.unsupported_task:
        raise HeadError(
            f"the model finds {files.unsupported_task}, and there is no bundle for these. Export a "
            "model for detection, classification or segmentation; if the file is that of another "
            "model, remove it or state the --head"
        )


def _with_size_of_files(image: ImageInput, size: Tuple[int, int]) -> ImageInput:
    """The image with the size that a file tells, as far as the signature leaves it open."""
    height, width = (
        own if own > 0 else told
        for own, told in zip(image.size, size, strict=True)  # novm
    )
    return replace(image, height=height, width=width)


def _check_size(image: ImageInput, signature: Signature, files: ModelFiles) -> None:
    """Make sure that height and width are known.

    Raises:
        SavedModelError: the size is open, with what files tell about it.
    """
    try:
        check_input_size(image, signature)
    except SavedModelError as error:
        told = [one.text for one in files.findings if one.subject == "size"]
        if not told:
            raise
        raise SavedModelError(f"{error}. A file of the model tells: {told[0]}") from error


def _with_own_size(image: ImageInput, own: OwnSize) -> ImageInput:
    """The image with the size to which the graph resizes it."""
    note = (
        f"the input size is {own.width}x{own.height}, because the graph itself resizes to it "
        f"(layer {layer_of(own.node)}); --input-size chooses another"
    )
    return replace(image, height=own.height, width=own.width, size_note=note)


def export_network(source: Source, options: SourceOptions, folder: Path) -> Tuple[Export, Network]:
    """Export the signature into ``folder`` and load the network that comes out.

    Raises:
        ExportError: it cannot be exported.
    """
    chosen = ExportOptions(options.values, options.opsets, options.keep_suppression)
    with signature_suggested(source.saved_model, source.signature, options):
        exported = export(source.saved_model, source.signature, source.image, chosen, folder)
    answer = exported.answer
    if not options.outputs:
        answer = replace(answer, notes=(*describe_left_out(source.left_out), *answer.notes))
    network = Network(exported.model, answer.opset, source.image, folder, answer.outputs)
    return replace(exported, answer=answer), network


def run_on_images(network: Network, pixels: Pixels, dataset: Dataset, fitting: Fitting) -> Evidence:
    """The outputs of the network, their values on a few images, and what is annotated there.

    Raises:
        HeadError: an output has other sizes for other images.
    """
    buffer = np.zeros((*network.input_size, 3), np.uint8)
    preprocess = Preprocessor(buffer, fitting)
    runs, objects = [], []
    for sample in dataset.samples[:IMAGES_LOOKED_AT]:
        placement = preprocess(Frame(sample.read()))
        runs.append(network.run(pixels.apply(buffer)))
        if dataset.annotations is not None:
            objects.append(_boxes_in_input(dataset.annotations.boxes(sample), placement))
    _check_sizes(network, runs)
    values = {name: _stacked([run[name] for run in runs]) for name in runs[0]}
    return Evidence(network.outputs, values, network.input_size, objects=tuple(objects))


def _boxes_in_input(boxes: np.ndarray, placement: Placement) -> np.ndarray:
    """Boxes ``[n, 4]`` of a whole frame, x1, y1, x2, y2, in pixels of the network's input; what of
    them is not looked at is cut off."""
    x, y, width, height = placement.region
    inside = np.clip(boxes, [x, y, x, y], [x + width, y + height] * 2) - [x, y, x, y]
    seen = inside[(inside[:, 2:] > inside[:, :2]).all(axis=1)]
    scale = np.array([placement.scale_x, placement.scale_y] * 2, np.float32)
    start = np.array([placement.left, placement.top] * 2, np.float32)
    return np.asarray(seen * scale + start, np.float32)


def recognise_head(
    seen: Evidence,
    source: Source,
    answer: ExportAnswer,
    labels: Optional[int],
    options: SourceOptions,
) -> Recognised:
    """Find out how the outputs of a network are to be read.

    Args:
        seen: the outputs, and their values on images.
        source: what it was exported from.
        answer: of the export.
        labels: how many classes the user has names for.
        options: what the user specifies.

    Raises:
        HeadError: they belong to no family that is known, or to several, or are no boxes that
            could be suppressed.
    """
    evidence = replace(
        seen,
        labels=labels,
        options=_head_options(options.head, answer.suppression),
        left_out=source.left_out,
        each_class=answer.suppression is not None and answer.suppression.each_class,
        notes=answer.notes,
    )
    with signature_suggested(source.saved_model, source.signature, options):
        recognised = choose_head(evidence)
    if options.suppress and recognised.head.task != DETECTION:
        raise HeadError(
            f"--suppress is for boxes, but this is {recognised.head.description}: leave it out"
        )
    return recognised


def _head_options(given: HeadOptions, cut: Optional[Suppression]) -> HeadOptions:
    """What the user states of the boxes that the model gives, of those that entered its
    suppression."""
    if cut is None or cut.own is None or given.box_format == AUTO:
        return given
    order = order_of_entering(given.box_format, cut.own.layout, cut.own.swapped)
    return replace(given, box_format=order)


def may_keep_suppression(prepared: Prepared, options: SourceOptions) -> bool:
    """Whether a suppression was cut out that may as well stay in the network: its outputs are
    known, and not read as the user states."""
    cut = prepared.exported.answer.suppression
    return cut is not None and cut.own is not None and not options.head.states_reading


def own_head_options(prepared: Prepared) -> HeadOptions:
    """How what a suppression gives is to be read, as what enters it shows."""
    cut, entering = prepared.exported.answer.suppression, prepared.recognised.head
    if cut is None or cut.own is None:
        return HeadOptions()
    given = getattr(entering, "box_format", AUTO)
    order = order_of_leaving(given, cut.own.layout, cut.own.swapped)
    first = min(cut.class_numbers, default=None)
    return HeadOptions(box_format=order or AUTO, first_class=first)


def _check_sizes(network: Network, runs: Sequence[Mapping[str, np.ndarray]]) -> None:
    """An engine has outputs of fixed sizes.

    Raises:
        HeadError: an output has other sizes for other images.
    """
    for run in runs:
        for output in network.outputs:
            shape, first = run[output.name].shape, runs[0][output.name].shape
            known = first if output.shape is None else (first[:1] + output.shape[1:])
            if shape != known:
                raise HeadError(
                    f"output {output.name} has {list(shape)} values for one image and "
                    f"{list(known)} for another: an engine has outputs of fixed sizes. "
                    "Export the model without picking boxes by their scores (tf.boolean_mask, "
                    "tf.where): the robot does that"
                )


def compute_the_same(one: Prepared, other: Prepared) -> bool:
    """Whether two exports of a network give the same numbers for an image of noise, to the last
    bit."""
    height, width = one.network.input_size
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    first, second = (each.network.run(each.pixels.apply(noise)) for each in (one, other))
    return all(np.array_equal(first[name], second[name], equal_nan=True) for name in first)


def _stacked(values: Sequence[np.ndarray]) -> np.ndarray:
    """One array of all images: along the batch where there is one, else along a new axis."""
    if values[0].ndim and values[0].shape[0] == 1:
        return np.concatenate(values)
    return np.stack(values)


def count_operators(model: onnx.ModelProto) -> Dict[str, int]:
    """The operators of a model with their counts, the most frequent first."""
    return dict(Counter(node.op_type for node in all_nodes(model.graph)).most_common())
