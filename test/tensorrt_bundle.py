"""Engines for a bundle, built by the shortest way that each version of TensorRT has."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx

from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.bundles.engine_files import model_sha256
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.sidecar import Sidecar, engine_name
from trt_inference.engines.tensorrt.gpu import GpuContext, this_machine


def add_engine(
    folder: Path,
    precision: str = "fp32",
    batch: int = 1,
    device: int = 0,
    class_map: int = onnx.TensorProto.INT32,
    **changes: Any,
) -> Path:
    """Build with TensorRT, the double or the real one, and write the plan with its sidecar;
    ``changes`` of it.

    Args:
        class_map: its type where TensorRT has no uint8.
    """
    import tensorrt as trt

    bundle = load_bundle(folder)
    with GpuContext(device):
        machine = this_machine(device)
        plan = _build(trt, _model(trt, bundle.model_file(precision), class_map), batch)
    (folder / ENGINES_FOLDER).mkdir(exist_ok=True)
    file = folder / ENGINES_FOLDER / engine_name(precision, machine)
    file.write_bytes(plan)
    takes_bytes = hasattr(trt.DataType, "UINT8")
    sidecar = Sidecar(
        file=file.name,
        sha256=sha256_of_file(file),
        bytes=len(plan),
        precision=precision,
        onnx_sha256=model_sha256(bundle, precision),
        machine=machine,
        typing="weak",
        batch=batch,
        input_dtype="uint8" if takes_bytes else "float32",
    )
    content = replace(sidecar, **changes).content()
    file.with_suffix(".json").write_text(json.dumps(content), "utf-8")
    return file


def _build(trt: Any, model: bytes, batch: int) -> bytes:
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    flags = getattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
    network = builder.create_network(0 if flags is None else 1 << int(flags))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(model):
        raise RuntimeError([parser.get_error(index).desc() for index in range(parser.num_errors)])
    config = builder.create_builder_config()
    if hasattr(trt.BuilderFlag, "TF32"):  # it would round
        config.clear_flag(trt.BuilderFlag.TF32)
    image = network.get_input(0)
    shape = (batch, *tuple(image.shape)[1:])
    profile = builder.create_optimization_profile()
    profile.set_shape(image.name, shape, shape, shape)
    config.add_optimization_profile(profile)
    return bytes(builder.build_serialized_network(network, config))


def _model(trt: Any, file: Path, class_map: int) -> bytes:
    """With an input of floats, and no output of bytes, for versions that have no bytes."""
    if hasattr(trt.DataType, "UINT8"):
        return file.read_bytes()
    model = onnx.load(str(file))
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    for output in model.graph.output:
        if output.type.tensor_type.elem_type == onnx.TensorProto.UINT8:
            output.type.tensor_type.elem_type = class_map
            (cast,) = (node for node in model.graph.node if output.name in node.output)
            cast.attribute[0].i = class_map
    return bytes(model.SerializeToString())
