"""Before TensorRT 10, types are asked for layer by layer: float32 where the model has it, and
nowhere else."""

from pathlib import Path
from typing import Any, Dict

import onnx
import pytest

from converter.engine_builder import tensorrt_api
from converter.engine_builder.build_options import BuildOptions, EngineRequest
from converter.engine_builder.hold_precision import hold_around_quantised, hold_typed_layers
from converter.engine_builder.parse_onnx import parse
from test.tensorrt_double.install import install
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.tensorrt import build_api
from trt_inference.engines.tensorrt.gpu import GpuContext, this_machine


def held(folder: Path, precision: str, hold: Any) -> Dict[str, bool]:
    """For each layer that gives floats, by name: whether it is held to float32."""
    import tensorrt as trt  # type: ignore[import-not-found]

    with GpuContext():
        logger = trt.Logger()
        builder = trt.Builder(logger)
        typing = tensorrt_api.typing_mode(trt, precision, dla=False)
        network = builder.create_network(build_api.network_flags(trt, typing))
        options = BuildOptions(folder, (precision,))
        bundle = load_bundle(folder)
        parse(trt, network, logger, EngineRequest(bundle, precision, this_machine(), options, 0))
        hold(trt, network)
        layers = [network.get_layer(index) for index in range(network.num_layers)]
        kept = [one for one in layers if one.get_output(0).dtype == trt.DataType.FLOAT]
        return {one.name: one.output_type_is_set(0) for one in kept}


def float32_nodes(file: Path) -> Dict[str, bool]:
    """For each node that gives floats, by name: whether these are float32 in the model. Casts are
    left out, as they have a type of their own."""
    model = onnx.shape_inference.infer_shapes(onnx.load(str(file)))
    values = (*model.graph.value_info, *model.graph.output)
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    floats = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16
    return {
        node.name: types[node.output[0]] == onnx.TensorProto.FLOAT
        for node in model.graph.node
        if types.get(node.output[0]) in floats and node.op_type != "Cast"
    }


@pytest.mark.parametrize("version", ["8.2.1", "8.6.1"])
def test_float32_is_where_the_model_has_it(version: str, shared_bundle: Path) -> None:
    expected = float32_nodes(shared_bundle / "fp16.onnx")
    assert set(expected.values()) == {True, False}
    with install(version):
        found = held(shared_bundle, "fp16", hold_typed_layers)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("version", ["8.2.1", "8.6.1"])
def test_what_stands_around_int8_is_held(version: str, shared_bundle: Path) -> None:
    with install(version):
        found = held(shared_bundle, "int8", hold_around_quantised)
    after = [name for name in found if name.startswith(("head/", "output_stage/"))]
    assert after
    assert all(found[name] for name in after), found
