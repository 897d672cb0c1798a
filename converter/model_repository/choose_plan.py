"""Which engine of a bundle a server gets, and why it cannot have others."""

from typing import List

from converter.engine_builder.build_options import ANY_BATCH
from converter.errors import ModelRepositoryError
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.engine_files import EngineFile, model_sha256
from trt_inference.bundles.sidecar import Sidecar, read_sidecar, sidecar_files
from trt_inference.printable import printable

_WIRE = "uint8"  # of images, as robots send them
_ENDING = ".engine"


def choose_plan(bundle: Bundle, precision: str, name: str) -> EngineFile:
    """The engine that is meant. Nothing of this machine matters: the server is another one.

    Args:
        precision: of the engine; empty: any.
        name: of its file, with or without its ending; empty: the only one.

    Raises:
        BundleError: a sidecar cannot be read.
        ModelRepositoryError: there is none, there are several, or it cannot be served.
    """
    found = [read_sidecar(file) for file in sidecar_files(bundle.path)]
    asked = [one for one in found if _is_meant(one, precision, name)]
    if not asked:
        raise ModelRepositoryError(_none(bundle, found, precision, name))
    if len(asked) > 1:
        raise ModelRepositoryError(
            f"{bundle.path} has several engines: name that for the server by --engine, one of "
            f"{_names(asked)}"
        )
    _check_servable(bundle, asked[0])
    return EngineFile(bundle.path, asked[0], "")


def _is_meant(sidecar: Sidecar, precision: str, name: str) -> bool:
    names = ("", sidecar.file, _without_ending(sidecar.file))
    return precision in ("", sidecar.precision) and name in names


def _without_ending(file: str) -> str:
    return file[: -len(_ENDING)] if file.endswith(_ENDING) else file


def _names(sidecars: List[Sidecar]) -> str:
    return ", ".join(one.file for one in sidecars)


def _none(bundle: Bundle, found: List[Sidecar], precision: str, name: str) -> str:
    what = f"{precision} engine" if precision else "engine"
    named = f" '{printable(name)}'" if name else ""
    there = f"it has {_names(found)}" if found else "none was built"
    build = _build(bundle, precision or "fp16")
    return (
        f"{bundle.path} has no {what}{named}: {there}. On the machine of the server, run {build}, "
        "with --batch 8 --any-batch to run the images of several robots at once"
    )


def _build(bundle: Bundle, precision: str, more: str = "") -> str:
    return f"trt-inference build {bundle.path} --precision {precision}{more}"


def _check_servable(bundle: Bundle, sidecar: Sidecar) -> None:
    """
    Raises:
        ModelRepositoryError: Triton could not load the engine, or not run it on what robots send.
    """
    current = model_sha256(bundle, sidecar.precision)
    again = _build(bundle, sidecar.precision)
    if not current:
        problem = f"is {sidecar.precision}, which the bundle does not have"
        remedy = f"name another one by --engine, or copy the whole bundle: it has {_have(bundle)}"
    elif sidecar.onnx_sha256 and sidecar.onnx_sha256 != current:
        problem = f"was built from another {sidecar.precision} model than the bundle has now"
        remedy = f"run {again}"
    elif sidecar.input_dtype != _WIRE:
        problem = (
            f"takes {sidecar.input_dtype}, and robots send {_WIRE}: it was built by TensorRT "
            f"{sidecar.machine.tensorrt}, and TensorRT has {_WIRE} inputs since 8.5"
        )
        remedy = f"with TensorRT 8.5 or newer, run {again}; or take --platform onnxruntime_onnx"
    elif sidecar.options.get("dla"):
        problem = "was built for the accelerator (DLA) of a Jetson"
        remedy = f"run {again}, without --dla"
    elif sidecar.batch > 1 and not sidecar.options.get(ANY_BATCH):
        problem = (
            f"runs on {sidecar.batch} images at once and on no fewer, and Triton runs as many as "
            "have come"
        )
        remedy = f"run {again} --batch {sidecar.batch} --any-batch"
    else:
        return
    raise ModelRepositoryError(f"{sidecar.file} cannot be served: it {problem}. Remedy: {remedy}")


def _have(bundle: Bundle) -> str:
    return ", ".join(bundle.precisions)
