"""Exports of the tests, bundles and engines for them, and what a server would find."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List

import onnx

from converter.commands.export_triton import TritonExport, export_triton
from converter.commands.export_triton_options import TritonOptions
from converter.engine_builder.engine_folder import sha256_of, write_engine
from converter.model_repository.model_config import parameters, parse_config
from converter.model_repository.platforms import PLATFORMS, PYTHON
from test.color_bundle import change_manifest
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.bundles.engine_files import model_sha256
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.sidecar import Sidecar, engine_name
from trt_inference.engines.triton.model_parameters import ServedBundle, served_bundles

ORIN = Machine("10.3.0", "12.6", (8, 7), "Orin", "linux", "aarch64")


def never_waits() -> None:
    raise AssertionError("the repository is locked")


def export(bundle: Path, repository: Path, **options: Any) -> TritonExport:
    """By default for the Python backend."""
    options["platform"] = PLATFORMS[options.get("platform", PYTHON.name)]
    return export_triton(TritonOptions(bundle, repository, **options), never_waits)


def read_config(model: Path) -> Any:
    """The configuration of a model, by Triton's protobuf."""
    return parse_config((model / "config.pbtxt").read_text("utf-8"))


def told(model: Path) -> List[ServedBundle]:
    """The versions that the configuration of a model tells, the newest first."""
    return served_bundles(parameters(read_config(model)))


def contents(folder: Path) -> Dict[str, bytes]:
    """All files below a folder, by their paths in it, and folders as such."""
    return {
        str(one.relative_to(folder)): b"" if one.is_dir() else one.read_bytes()
        for one in folder.rglob("*")
    }


def as_a_server_finds_it(repository: Path) -> Dict[str, List[int]]:
    """The versions of each model that a server would load, all of them whole. A server takes each
    folder for a model, hidden ones too, and in it each with a number for a version."""
    found = {}
    for model in repository.iterdir():
        config = read_config(model)
        assert config.name == model.name
        versions = sorted(int(one.name) for one in model.iterdir() if one.name.isdigit())
        assert versions
        known = {one.version: one.sha256 for one in told(model)}
        for version in versions:
            assert len(known[version]) == 64
            onnx.checker.check_model(onnx.load(str(model / str(version) / "model.onnx")))
            assert "TritonPythonModel" in (model / str(version) / "model.py").read_text("utf-8")
        found[model.name] = versions
    return found


def let_take_one_image_only(bundle: Path) -> None:
    """Give the network a batch of 1, as a model has that was exported for one image."""
    file = bundle / "fp32.onnx"
    model = onnx.load(str(file))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    file.write_bytes(model.SerializeToString())
    entry = {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    change_manifest(bundle, lambda found: found["precisions"].update(fp32=entry))


def rename_weights(bundle: Path, name: str) -> None:
    """Give another name to the file with the weights of a bundle's fp32, as any may have."""
    file = bundle / "fp32.onnx"
    model = onnx.load(str(file), load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = name
    (bundle / "fp32.onnx.data").rename(bundle / name)
    file.write_bytes(model.SerializeToString())

    def change(found: Dict[str, Any]) -> None:
        entry = found["precisions"]["fp32"]
        entry.update(sha256=sha256_of_file(file), bytes=file.stat().st_size)
        entry["data"]["file"] = name

    change_manifest(bundle, change)


def add_plan(folder: Path, precision: str = "fp32", **changes: Any) -> Sidecar:
    """An engine that nothing can run, with a sound sidecar; ``changes`` of that."""
    plan = f"a plan of {precision}".encode()
    machine = changes.get("machine", ORIN)
    sidecar = Sidecar(
        file=engine_name(precision, machine),
        sha256=sha256_of(plan),
        bytes=len(plan),
        precision=precision,
        onnx_sha256=model_sha256(load_bundle(folder), precision),
        machine=machine,
        typing="strong",
    )
    sidecar = replace(sidecar, **changes)
    write_engine(folder, plan, sidecar)
    return sidecar
