"""What TensorRT is told, in the words of each version."""

from pathlib import Path
from typing import Set

import pytest

from converter.engine_builder import builder_config, tensorrt_api
from converter.engine_builder.build_options import BuildOptions, EngineRequest
from converter.engine_builder.builder_config import configure
from converter.engine_builder.parse_onnx import parse
from test.color_bundle import offer_precisions
from test.converter.command_line import run_here
from test.converter.engine_builder.bundles import PRECISIONS
from test.tensorrt_double.install import install
from test.tensorrt_double.surface import FURTHER_VERSIONS, VERSIONS
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.tensorrt import build_api
from trt_inference.engines.tensorrt.gpu import GpuContext, this_machine

# Those that let narrow types in where the model has none itself, and hold the others.
OBEY, STRICT = "OBEY_PRECISION_CONSTRAINTS", "STRICT_TYPES"  # which it is called up to 8.0
ALLOWED = {"fp32": set(), "fp16": {"FP16", OBEY}, "int8": {"FP16", "INT8", OBEY}}


def flags(shared_bundle: Path, precision: str) -> Set[str]:
    """That are set for a precision, of those that choose types."""
    import tensorrt as trt  # type: ignore[import-not-found]

    bundle = load_bundle(shared_bundle)
    with GpuContext():
        logger = trt.Logger()
        builder = trt.Builder(logger)
        typing = tensorrt_api.typing_mode(trt, precision, dla=False)
        network = builder.create_network(build_api.network_flags(trt, typing))
        options = BuildOptions(shared_bundle, (precision,))
        request = EngineRequest(bundle, precision, this_machine(), options, 1 << 28)
        parse(trt, network, logger, request)
        config = configure(trt, builder, network, request)
        names = ("FP16", "INT8", "BF16", "TF32", OBEY, STRICT)
        known = [name for name in names if hasattr(trt.BuilderFlag, name)]
        found = {name for name in known if config.get_flag(getattr(trt.BuilderFlag, name))}
        return {OBEY if name == STRICT else name for name in found}


@pytest.mark.parametrize("version", [*VERSIONS, *FURTHER_VERSIONS])
def test_a_network_has_its_batch_in_the_graph_and_the_typing_that_is_wanted(version: str) -> None:
    with install(version) as double, GpuContext():
        trt = double.tensorrt
        for typing in (build_api.STRONG, build_api.WEAK):
            flags = build_api.network_flags(trt, typing)
            network = trt.Builder(trt.Logger()).create_network(flags)
            assert not network.has_implicit_batch_dimension
            kinds = trt.NetworkDefinitionCreationFlag.__members__.items()
            strong = [network.get_flag(kind) for name, kind in kinds if name == "STRONGLY_TYPED"]
            # 8 has no typing but the weak one, and 11 only the strong one.
            expected = typing == build_api.STRONG and not version.startswith("11")
            assert strong == ([] if version.startswith("8") else [expected])


@pytest.mark.parametrize("version", [*VERSIONS, *FURTHER_VERSIONS])
def test_no_type_is_narrower_than_the_model_asks_for(version: str, shared_bundle: Path) -> None:
    typed = {"8": (), "9": ("fp16",), "10": ("fp16",), "11": ("fp16", "int8")}[
        version.partition(".")[0]
    ]
    with install(version):
        for precision in PRECISIONS:
            wanted = set() if precision in typed else ALLOWED[precision]
            assert flags(shared_bundle, precision) == wanted  # TF32 is in none


@pytest.mark.parametrize("version", ["8.0.1", "8.6.1", "10.3.0"])
def test_nothing_is_calibrated_where_int8_has_quantised_nothing(version: str, bundle: Path) -> None:
    """As where every layer was to stay in float: a build with INT8 set would fail."""
    offer_precisions(bundle, *PRECISIONS)  # of float32, all three
    with install(version):
        assert flags(bundle, "int8") == {"FP16", OBEY}


def test_the_double_builds_no_int8_without_quantisation(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(builder_config, "has_quantised", lambda trt, network: True)
    offer_precisions(bundle, *PRECISIONS)  # of float32, all three
    with install("8.6.1"):
        run_here(capsys, "build", bundle, "--precision", "int8").refused("no scaling factors")
