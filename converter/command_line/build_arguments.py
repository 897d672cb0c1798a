"""The arguments of `build`."""

import argparse
import re
from pathlib import Path
from typing import Tuple

from converter.engine_builder.build_options import BuildOptions
from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.tools.argument_types import add_device, positive

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 1 << 10, "MI": 1 << 20, "GI": 1 << 30}
_HIGHEST_LEVEL = 5


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `build`."""
    add = parser.add_argument
    add("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    add(
        "--precision",
        choices=PRECISIONS,
        nargs="+",
        required=True,
        help="precisions of the bundle to build engines of; those that the GPU lacks are left out",
    )
    add_build_choices(parser)
    _add_files(parser)


def add_build_choices(parser: "argparse._ActionsContainer") -> None:
    """Declare what `deploy` hands on to `build` as well."""
    _add_resources(parser)
    _add_compatibility(parser)


def build_words(arguments: argparse.Namespace) -> Tuple[str, ...]:
    """The parsed arguments of `add_build_choices` as they are written on a command line, without
    those that have their usual values."""
    given = (
        ("--device", arguments.device, 0),
        ("--workspace", arguments.workspace, None),
        ("--batch", arguments.batch, BuildOptions.batch),
        ("--optimization-level", arguments.optimization_level, None),
    )
    flags = (
        ("--any-batch", arguments.any_batch),
        ("--dla", arguments.dla),
        ("--version-compatible", arguments.version_compatible),
        ("--hardware-compatible", arguments.hardware_compatible),
    )
    words = [word for name, value, usual in given if value != usual for word in (name, str(value))]
    return (*words, *(name for name, is_given in flags if is_given))


def _add_resources(parser: "argparse._ActionsContainer") -> None:
    """Declare what a build may use, and what the engine will run on."""
    add = parser.add_argument
    add_device(parser)
    add(
        "--workspace",
        metavar="SIZE",
        type=byte_size,
        help="memory that TensorRT may use while it tries layers, as in 256MiB (default: by what "
        "is free; 256MiB with 4 GB of memory)",
    )
    add(
        "--batch",
        metavar="N",
        type=positive,
        default=BuildOptions.batch,
        help="images at once, fixed (default: %(default)s)",
    )
    add(
        "--any-batch",
        action="store_true",
        help="run on fewer images than --batch as well, for a Triton server, which runs as many as "
        "have come (TensorRT 8.5 and later)",
    )
    add(
        "--dla",
        action="store_true",
        help="use the accelerator (DLA) of Xavier and Orin, the GPU for the rest",
    )


def _add_compatibility(parser: "argparse._ActionsContainer") -> None:
    """Declare how hard TensorRT tries, and where else the engine is to run."""
    add = parser.add_argument
    add(
        "--optimization-level",
        metavar="N",
        type=int,
        choices=range(_HIGHEST_LEVEL + 1),
        help="0 builds fast, 5 tries most (TensorRT 8.6 and later)",
    )
    add(
        "--version-compatible",
        action="store_true",
        help="for newer TensorRT of the same major version too (8.6 and later)",
    )
    add(
        "--hardware-compatible",
        action="store_true",
        help="for all GPUs from Ampere on; slower (8.6 and later)",
    )


def _add_files(parser: argparse.ArgumentParser) -> None:
    """Declare the files that a build reads, and what engines are compared on."""
    add = parser.add_argument
    add(
        "--timing-cache",
        metavar="FILE",
        type=Path,
        help="times of layers to reuse and to add to (default: one for this device, beside the "
        "engines)",
    )
    add(
        "--import-engine",
        metavar="FILE",
        type=Path,
        help="import this plan, built on this kind of machine, instead of building",
    )
    add(
        "--images",
        metavar="DIR",
        type=Path,
        help="pictures to compare on with the ONNX model (default: the report's)",
    )
    add(
        "--max-images",
        metavar="N",
        type=positive,
        default=BuildOptions.most_images,
        help="compare on at most so many images (default: %(default)s)",
    )


def build_options(arguments: argparse.Namespace) -> BuildOptions:
    """The options that the parsed arguments of `build` stand for."""
    return BuildOptions(
        bundle=arguments.bundle,
        precisions=tuple(dict.fromkeys(arguments.precision)),
        workspace=arguments.workspace,
        batch=arguments.batch,
        any_batch=arguments.any_batch,
        dla=arguments.dla,
        timing_cache=arguments.timing_cache,
        optimization_level=arguments.optimization_level,
        version_compatible=arguments.version_compatible,
        hardware_compatible=arguments.hardware_compatible,
        images=arguments.images,
        most_images=arguments.max_images,
        plan=arguments.import_engine,
        device=arguments.device,
    )


def byte_size(text: str) -> int:
    """The number of bytes that ``256MiB``, ``1GB`` or ``1073741824`` stands for."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([KMG]I?)?B?", text.strip().upper())
    value = int(float(found.group(1)) * _UNITS[found.group(2) or ""]) if found else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size, as in 256MiB or 1GiB")
    return value
