"""What the files of a model tell, held against what the user states, the input and the head.

A file may be that of another model. What contradicts it is told as a caution, and what a file tells
and nobody follows is not told as if it were so.
"""

from dataclasses import replace
from typing import List, Tuple

from converter.commands.convert_options import FittingOptions, SourceOptions
from converter.conversion import Source
from converter.errors import HeadError, SavedModelError
from converter.export.exported_network import Network
from converter.heads.base import Head
from converter.heads.choose import AUTO
from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles, fault
from converter.inputs.pixels import PixelOptions
from converter.tables.preprocessing_facts import fitting_text
from trt_inference.bundles.bundle import Fitting

_OF_FIT = ("fit", "resize", "pad_value", "crop_fraction")


def pixels_of_files(
    files: ModelFiles, given: PixelOptions, network: Network
) -> Tuple[PixelOptions, List[Finding]]:
    """The user's options, or those of the files where the user states no range.

    Raises:
        SavedModelError: the user's options do not fit the input.
    """
    stated = given.resolve(network.image, network.takes_bytes)
    if files.pixels is None or network.takes_bytes:  # whole numbers are 0 to 255
        return given, []
    findings = _about("pixels", files)
    try:
        told = files.pixels.resolve(network.image, False)
    except SavedModelError:
        image = network.image
        return given, [fault(f"not used, as {image} is another input: {_text(findings)}")]
    if given.states_range:
        return given, [] if stated == told else _contradicted(stated.range_and_order, findings)
    if given.channels is None or given.channels == told.channels:
        return files.pixels, findings
    order = f"{given.channels.upper()} channels"
    chosen = PixelOptions(given.channels, told.scale, told.mean, told.std)
    return chosen, _contradicted(order, findings)


def fit_of_files(
    files: ModelFiles, usual: Fitting, stated: FittingOptions
) -> Tuple[Fitting, List[Finding]]:
    """The fit that files tell, completed by ``usual``, and what to tell about it.

    Raises:
        ValueError: they tell none.
    """
    if files.fit is None:
        raise ValueError("the files tell no fit")
    told = {name: getattr(files, name) for name in _OF_FIT}
    known = {name: value for name, value in told.items() if value is not None}
    fitting, findings = replace(usual, **known), _about("fit", files)
    if all(getattr(stated, name) in (None, value) for name, value in known.items()):
        return fitting, findings
    return fitting, _contradicted(fitting_text(stated.resolve(fitting)), findings)


def about_size(source: Source, options: SourceOptions) -> List[Finding]:
    """What files tell of the input's size. Advice on a size that is open is out of date: it is
    known by now."""
    told, image = source.files.input_size, source.image
    if told is None:
        return []
    findings = _about("size", source.files)
    if tuple(image.size) == tuple(told):
        return findings
    if options.input_size is not None:
        return _contradicted(f"{image.width}x{image.height}", findings)
    has = f"the input is {image.width}x{image.height}, but a file of the model tells"
    doubt = "see whether that file is of this model"
    return [Finding("size", f"{has} {_text(findings)}: {doubt}", caution=True)]


def about_task(files: ModelFiles, head: Head, options: SourceOptions) -> List[Finding]:
    """What files tell of the task.

    Raises:
        HeadError: it is another one than that of the head, which the user does not state.
    """
    findings = _about("task", files)
    if not (files.task or files.unsupported_task) or files.task == head.task:
        return findings
    if options.head.head != AUTO:
        return _contradicted(f"{head.task} (--head)", findings)
    raise HeadError(
        f"the outputs are read as {head.description}, which is {head.task}, but a file of the "
        f"model tells {_text(findings)}. Remove the file if it is of another model; otherwise "
        "state what the outputs are, with --head or --outputs"
    )


def other_faults(files: ModelFiles) -> List[Finding]:
    """What cannot be used of the files."""
    return [one for one in files.findings if one.subject not in ("pixels", "fit", "size", "task")]


def _about(subject: str, files: ModelFiles) -> List[Finding]:
    return [one for one in files.findings if one.subject == subject]


def _contradicted(stated: str, findings: List[Finding]) -> List[Finding]:
    """A caution, that the user states something else than a file tells."""
    text = f"{stated} as you state, but a file of the model tells {_text(findings)}"
    return [Finding(one.subject, text, caution=True) for one in findings[:1]]


def _text(findings: List[Finding]) -> str:
    return findings[0].text if findings else "something else"
