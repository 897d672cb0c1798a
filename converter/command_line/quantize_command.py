"""`trt-inference quantize`."""

import argparse
from typing import TYPE_CHECKING

from converter.command_line.command import Command
from trt_inference.bundles.precisions import FP32, NARROW_PRECISIONS

if TYPE_CHECKING:
    from rich.console import Console


def _declare(parser: argparse.ArgumentParser) -> None:
    from converter.command_line.quantize_arguments import add_quantize_arguments

    add_quantize_arguments(parser)


def _run(options: argparse.Namespace, console: "Console") -> None:
    from converter.command_line.print_precisions import check_precisions, print_precisions
    from converter.command_line.quantize_arguments import quantize_options
    from converter.commands.quantize import quantize
    from converter.engine_builder.background import interrupted_by_sigterm
    from converter.terminal.progress import Progress
    from trt_inference.bundles.bundle import model_bytes

    with interrupted_by_sigterm():  # which services for continuous integration send
        done = quantize(quantize_options(options), Progress(console))
    bundle = done.bundle
    fp32_bytes = model_bytes(bundle.precisions[FP32])
    print_precisions(done.precisions, bundle.path, fp32_bytes, bundle.task, console)
    check_precisions(done.precisions, bundle.path)


_HELP = f"add {' and '.join(NARROW_PRECISIONS)} to a bundle, if they pass"

COMMAND = Command(_HELP, _declare, _run)
