"""The arguments of `export-triton`."""

import argparse
from pathlib import Path

from converter.commands.export_triton_options import DEFAULT_BATCH, TritonOptions
from converter.model_repository.platforms import CPU_KIND, GPU, PLATFORMS
from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.tools.argument_types import positive

_EXAMPLES = """\
examples:
  trt-inference export-triton shapes models --platform onnxruntime_onnx
  trt-inference export-triton shapes models --platform tensorrt_plan --precision fp16
  trt-inference export-triton shapes models --platform python --model shapes_cpu

A model that is there gets a new version, with the next number. Robots ask for the version that has
their bundle, so that those with the one before go on with that.
"""


def add_export_triton_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `export-triton`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("bundle", metavar="BUNDLE", type=Path, help="folder made by convert")
    add(
        "repository",
        metavar="REPOSITORY",
        type=Path,
        help="folder with a folder for each model, which the server is given as --model-repository",
    )
    add(
        "--platform",
        choices=tuple(PLATFORMS),
        required=True,
        help="what runs the network there: TensorRT, with an engine of the bundle that was built "
        "on such a machine; ONNX Runtime; or ONNX Runtime on the processor in Triton's Python "
        "backend",
    )
    add(
        "--precision",
        choices=PRECISIONS,
        default="",
        help="of the bundle (default: that of its engine for TensorRT; fp16 for ONNX Runtime on a "
        "GPU, if there is one; fp32 on a processor)",
    )
    add(
        "--model",
        metavar="NAME",
        default="",
        help="name of the model there, which is the parameter server_model of robots (default: "
        "that of the bundle)",
    )
    add(
        "--batch",
        metavar="N",
        type=positive,
        help="images of different requests that are run together, at most (default: as the model "
        f"that is there, or {DEFAULT_BATCH}; never more than the network or its engine takes)",
    )
    _add_choices(parser)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--engine",
        metavar="FILE",
        default="",
        help="name of the engine in the bundle, where it has several for --platform tensorrt_plan; "
        "trt-inference engines BUNDLE lists them",
    )
    add(
        "--run-on",
        choices=(GPU, CPU_KIND),
        default="",
        help="what the server has for it (default: a GPU; for --platform python the processor)",
    )


def triton_options(arguments: argparse.Namespace) -> TritonOptions:
    """The options that the parsed arguments stand for."""
    return TritonOptions(
        bundle=arguments.bundle,
        repository=arguments.repository,
        platform=PLATFORMS[arguments.platform],
        precision=arguments.precision,
        model=arguments.model,
        batch=arguments.batch,
        engine=arguments.engine,
        runs_on=arguments.run_on,
    )
