"""What the command line shows of a version in a model repository."""

import shlex
import stat

from rich.console import Console

from converter.commands.export_triton import TritonExport
from converter.model_repository.platforms import PYTHON
from converter.tables.wording import counted, file_size, some_names
from converter.terminal.console import print_line
from trt_inference.bundles.sidecar import Sidecar
from trt_inference.printable import printable_name

_PORT = 8001  # of gRPC, by default


def print_export_triton(result: TritonExport, console: Console) -> None:
    """Print what was written, what the server needs, and what robots are told."""
    files = ", ".join(f"{name} ({file_size(size)})" for name, size in result.files)
    print_line(console, f"{printable_name(result.folder)} has {files}")
    at_once = "one image" if result.batch == 0 else counted(result.batch, "image")
    print_line(
        console,
        f"version {result.version} of {result.model}: {result.precision}, {result.platform.name}, "
        f"{at_once} at once at most",
    )
    _print_batch(result, console)
    _print_others(result, console)
    _print_mode(result, console)
    if result.sidecar is not None:
        _print_engine(result.sidecar, console)
    if result.platform == PYTHON:
        print_line(
            console,
            "The Python of the server needs onnxruntime, and the NumPy that its Python backend was "
            "built for: Triton 2.51 needs 'numpy<2'",
        )
    _print_next(result, console)


def _print_batch(result: TritonExport, console: Console) -> None:
    if result.batch < (result.batch_before or 0):
        text = (
            f"caution: until now {result.batch_before} images were run at once. All versions share "
            "the smallest batch of their engines"
        )
        print_line(console, text, "yellow")
    if result.sidecar is not None and result.sidecar.batch == 1:
        text = (
            "caution: the engine takes one image at once, so that those of several robots are not "
            "run together. Where the network takes more, build it with --batch 8 --any-batch"
        )
        print_line(console, text, "yellow")


def _print_others(result: TritonExport, console: Console) -> None:
    if result.same is not None:
        text = f"caution: version {result.same} has the same bundle and precision"
        print_line(console, text, "yellow")
    if not result.is_served:
        text = (
            "caution: config.pbtxt names the versions that are served: add this one to its "
            "version_policy"
        )
        print_line(console, text, "yellow")
    if result.others:
        names = some_names([str(one) for one in result.others])
        newest = result.newest_served
        served = "" if newest is None else f"The server has the newest {newest}. "
        print_line(
            console,
            f"beside it: {names}. {served}To go back, remove the folder of the newest",
        )


def _print_mode(result: TritonExport, console: Console) -> None:
    if not result.folder.stat().st_mode & stat.S_IROTH:
        model = shlex.quote(printable_name(result.folder.parent))
        text = (
            "caution: only its owner and group may read it. For a server of another user, as that "
            f"in NVIDIA's container, run chmod -R a+rX {model}"
        )
        print_line(console, text, "yellow")


def _print_engine(sidecar: Sidecar, console: Console) -> None:
    machine = sidecar.machine
    print_line(
        console,
        f"The server must have TensorRT {machine.tensorrt} and {machine.sm}, on "
        f"{machine.architecture}: {sidecar.file} was built so, on {machine.gpu}",
    )


def _print_next(result: TritonExport, console: Console) -> None:
    folder = shlex.quote(printable_name(result.repository))
    needs = ""
    if result.sidecar is not None and result.sidecar.options.get("version_compatible"):
        needs = " --backend-config=tensorrt,version-compatible=true"
    print_line(
        console,
        f"next, on the server: tritonserver --model-repository={folder} "
        f"--model-control-mode=poll{needs}",
    )
    print_line(
        console,
        f"robots: backend: triton, server_url: HOST:{_PORT}, server_model: {result.model}",
    )
