"""The network of the node by hand on TensorRT's double, whose times mean nothing."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.float_model import write_float_model
from benchmarks.handwritten_networks import OnnxNetwork, TensorRtNetwork, build_float_plan
from test.tensorrt_double import install


@pytest.mark.parametrize("version", ["8.2.1", "10.3.0"])
def test_the_loop_of_the_samples_finds_what_onnx_runtime_finds(
    version: str, shared_color_bundle: Path, tmp_path: Path
) -> None:
    model, plan = tmp_path / "float.onnx", tmp_path / "float.plan"
    write_float_model(shared_color_bundle, model)
    expected = OnnxNetwork(model)
    generator = np.random.default_rng(0)
    blobs = generator.random((2, *expected.shape), np.float32)
    with install(version):
        build_float_plan(model, "fp32", plan)
        network = TensorRtNetwork(plan)
        assert network.shape == expected.shape
        found = [network.run(blob) for blob in blobs]
        network.close()
    for blob, outputs in zip(blobs, found):
        for output, right in zip(outputs, expected.run(blob)):
            np.testing.assert_allclose(output, right, rtol=1e-5)
