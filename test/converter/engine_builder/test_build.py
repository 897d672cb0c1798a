"""`build` on the double of six versions of TensorRT, and the engines that come of it."""

import json
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Sequence

import numpy as np
import onnx
import pytest

from converter.engine_builder import tensorrt_api
from test.color_bundle import change_manifest, offer_precisions, picture
from test.converter.command_line import Result, run_here
from test.converter.engine_builder.bundles import PRECISIONS
from test.needs import onnxruntime_is_before
from test.task_bundles import write_classification_bundle, write_segmentation_bundle
from test.tensorrt_double.install import CUDA_PACKAGES, install
from test.tensorrt_double.plan import Plan
from test.tensorrt_double.surface import VERSIONS
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.bundles.engine_files import EngineFile, find_engine
from trt_inference.engines.tensorrt.engine_memory import needed_memory
from trt_inference.engines.tensorrt.gpu import this_machine
from trt_inference.inference.detector import Detector

Build = Callable[..., Result]

# The types that a user is told, and those of the input.
TYPING = {
    "8.2.1": ("weak", "weak", "weak"),
    "8.4.1": ("weak", "weak", "weak"),
    "8.6.1": ("weak", "weak", "weak"),
    "10.3.0": ("strong", "strong", "weak"),
    "10.13.3": ("strong", "strong", "weak"),
    "11.4.0": ("strong", "strong", "strong"),
}
BEFORE_BYTES = ("8.2.1", "8.4.1")


@pytest.fixture
def build(bundle: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> Build:
    """The command line on the test's bundle."""

    def run(*arguments: object) -> Result:
        return run_here(capsys, "build", bundle, "--images", pictures, *arguments)

    return run


@pytest.fixture(params=CUDA_PACKAGES)
def cuda(request: pytest.FixtureRequest) -> str:
    """Each library for CUDA."""
    return str(request.param)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest, cuda: str) -> Iterator[str]:
    """Each one, installed."""
    with install(request.param, cuda):
        yield request.param


def engine(bundle: Path, precision: str) -> EngineFile:
    return find_engine(load_bundle(bundle), precision, this_machine())


def plan(bundle: Path, precision: str) -> Plan:
    with engine(bundle, precision).open() as checked, checked.map() as content:
        return Plan.from_bytes(content.read())


def files(bundle: Path) -> Dict[str, str]:
    return {file.name: sha256_of_file(file) for file in (bundle / "engines").iterdir()}


def test_every_precision_is_built_and_agrees(version: str, bundle: Path, build: Build) -> None:
    result = build("--precision", *PRECISIONS)
    assert result.exit_code == 0, result.output
    assert len(TYPING[version]) == len(PRECISIONS)
    for precision, typing in zip(PRECISIONS, TYPING[version]):
        sidecar = engine(bundle, precision).sidecar
        assert (sidecar.precision, sidecar.typing) == (precision, typing)
        assert sidecar.input_dtype == ("float32" if version in BEFORE_BYTES else "uint8")
        found = sidecar.measured["comparison"]["agreement"]
        assert (found["detections"], found["matched"], found["extra"]) == (3, 3, 0)
        assert sidecar.measured["gpu_milliseconds"]["p50"] > 0
        assert len(sidecar.measured["slowest_layers"]) == 10
    assert result.output.count("3 of 3") == 3
    # The layers of the first one are those of the others, but for casts.
    assert result.output.count("all layers timed anew") == 1
    assert result.output.count("with the times of an earlier build") == 2
    (cache,) = (bundle / "engines").glob("timing-*.cache")
    assert cache.name.startswith(f"timing-trt{VERSIONS[version][0]}-sm87-double-")


@pytest.mark.parametrize("release", VERSIONS)
def test_the_types_of_layers_are_those_that_the_inspector_of_each_version_tells(
    release: str, bundle: Path, build: Build
) -> None:
    with install(release):
        result = build("--precision", "fp16")
        found = engine(bundle, "fp16").sidecar.measured["precisions"]
    assert found["fp16"]["layers"] > 0 and found["fp32"]["layers"] > 0
    assert not {"unknown", "int8"} & set(found)  # the image is of uint8
    assert "layer of" not in result.output and "layers of" not in result.output


def test_an_engine_without_details_is_reported_as_not_known(
    bundle: Path, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorrt_api, "keep_layer_details", lambda trt, config: None)
    with install("10.3.0"):
        result = build("--precision", "fp16")
    assert "whether layers of the fp16 engine compute in fp16 is not known" in result.output
    assert "no layer of" not in result.output


def test_every_precision_is_built_by_a_version_between(bundle: Path, build: Build) -> None:
    with install("9.3.0"):
        result = build("--precision", *PRECISIONS)
        assert result.exit_code == 0, result.output
        typing = [engine(bundle, precision).sidecar.typing for precision in PRECISIONS]
    assert typing == ["strong", "strong", "weak"]
    assert result.output.count("3 of 3") == 3


def test_each_engine_is_reported_as_soon_as_it_is_built(bundle: Path, build: Build) -> None:
    with install("10.3.0"):
        output = build("--precision", "fp16", "fp32").output
    lines = ["build fp16: ", "compare fp16 ", "build fp32: ", "compare fp32 ", "Agreement with"]
    places = [output.index(line) for line in lines]
    assert places == sorted(places)


def test_what_was_asked_for_is_in_the_engine(version: str, bundle: Path, build: Build) -> None:
    arguments = ("--precision", "fp16", "--batch", "2", "--workspace", "64MiB")
    assert build(*arguments).exit_code == 0
    sidecar, built = engine(bundle, "fp16").sidecar, plan(bundle, "fp16")
    assert (sidecar.batch, sidecar.workspace) == (2, 64 << 20)
    assert built.profiles == [{"image": [[2, 64, 64, 3]] * 3}]
    assert (built.options["verbosity"], built.options["workspace"]) == ("DETAILED", 64 << 20)
    with Detector.open(load_bundle(bundle), "tensorrt", "fp16") as detector:
        found = detector.detect(picture("red", (2, 5)))
    np.testing.assert_allclose(found.xyxy, [[40, 16, 48, 24]], atol=0.1)  # type: ignore[union-attr]


@pytest.mark.parametrize("version", ["8.6.1", "10.3.0"], indirect=True)
def test_an_engine_for_a_server_takes_fewer_images_too(
    version: str, bundle: Path, build: Build
) -> None:
    assert build("--precision", "fp16", "--batch", "4", "--any-batch").exit_code == 0
    sidecar, built = engine(bundle, "fp16").sidecar, plan(bundle, "fp16")
    assert (sidecar.batch, sidecar.options) == (4, {"any_batch": True})
    (smallest, *others) = built.profiles[0]["image"]
    assert (smallest, others) == ([1, 64, 64, 3], [[4, 64, 64, 3]] * 2)
    with Detector.open(load_bundle(bundle), "tensorrt", "fp16") as detector:
        found = detector.detect(picture("red", (2, 5)))
    np.testing.assert_allclose(found.xyxy, [[40, 16, 48, 24]], atol=0.1)  # type: ignore[union-attr]


@pytest.mark.parametrize("version", ["8.4.1"], indirect=True)
def test_an_engine_of_floats_is_none_for_a_server(version: str, build: Build) -> None:
    more = ("--precision", "fp16", "--batch", "4", "--any-batch")
    build(*more).refused("--any-batch is for servers", "8.5 and later")
    build(*more, "--dla").refused("leave --dla or --any-batch out")


@pytest.mark.parametrize("version", ["8.2.1", "8.6.1", "10.3.0"], indirect=True)
def test_stages_and_head_are_held_to_float32(version: str, bundle: Path, build: Build) -> None:
    build("--precision", "int8")
    types = {layer["name"]: layer["precision"] for layer in plan(bundle, "int8").layers}
    of_whole_numbers = ("box_class", "chosen_class", "column", "columns", "classes")
    left = {f"output_stage/{name}" for name in of_whole_numbers}
    stages = [name for name in types if name.startswith(("input_", "head/", "output_"))]
    stages.remove("input_stage/step_1")  # the cast of the pixels
    assert {name for name in stages if types[name] != "FLOAT"} == left
    # What decodes, after the last quantised layer, and the product that predicts.
    for name in ("contrasts", "scores", "boxes_of_batch", "predictions"):
        assert types[f"network/model/{name}"] == "FLOAT"
    # What is quantised, and what is between, is left to TensorRT.
    for name in ("planes", "first", "active", "seen"):
        assert types[f"network/model/{name}"] == "HALF"


@pytest.mark.parametrize("version", ["8.2.1", "8.6.1"], indirect=True)
def test_without_strong_typing_fp16_is_where_the_model_has_it(
    version: str, bundle: Path, build: Build
) -> None:
    build("--precision", "fp16")
    types = {layer["name"]: layer["precision"] for layer in plan(bundle, "fp16").layers}
    for name in ("first", "active", "seen", "contrasts"):
        assert types[f"network/model/{name}"] == "HALF"
    for name in ("network/model/scores", "head/all_boxes", "input_stage/step_4"):
        assert types[name] == "FLOAT"


def test_the_memory_that_the_engine_takes_is_known(
    version: str, bundle: Path, build: Build
) -> None:
    assert build("--precision", "fp32", "--batch", "2").exit_code == 0
    sidecar = engine(bundle, "fp32").sidecar
    candidates, image = 20 * (4 + 1 + 1) * 4, 64 * 64 * 3
    buffers = 2 * (candidates + image * (4 if version in BEFORE_BYTES else 1))
    context = 1 << 20  # the double's
    assert sidecar.measured["memory"] == {
        "weights": sidecar.bytes,
        "context": context,
        "buffers": buffers,
        "measured": sidecar.bytes + context + buffers,
    }
    assert needed_memory(sidecar) == sidecar.bytes + context + 2 * buffers


def test_a_small_machine_gets_a_small_workspace(bundle: Path, build: Build) -> None:
    with install("8.6.1", total_memory=4 << 30, free_memory=3 << 30):
        build("--precision", "fp32")
        assert plan(bundle, "fp32").options["workspace"] == 256 << 20


@pytest.mark.parametrize("version", ["8.6.1", "10.3.0", "11.4.0"], indirect=True)
def test_compatible_engines_are_marked_as_such(version: str, bundle: Path, build: Build) -> None:
    build("--precision", "fp32", "--hardware-compatible", "--optimization-level", "1")
    assert plan(bundle, "fp32").options["hardware"] == "AMPERE_PLUS"
    options = engine(bundle, "fp32").sidecar.options
    assert options == {"hardware_compatible": True, "optimization_level": 1}


def test_code_in_an_engine_runs_only_where_the_user_allows_it(
    bundle: Path, build: Build, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The build runs what it has just built; later its sidecar has no say."""
    where = ("--backend", "tensorrt", "--precision", "fp32", "--output", tmp_path / "out")
    detect = ("detect", bundle, pictures / "red.png", *where)
    with install("10.3.0"):
        result = build("--precision", "fp32", "--version-compatible")
        assert result.exit_code == 0, result.output
        run_here(capsys, *detect).refused(
            "engine_host_code_allowed", "--allow-engine-host-code", "trt-inference build"
        )
        result = run_here(capsys, *detect, "--allow-engine-host-code")
        assert result.exit_code == 0, result.output
        sidecar = next((bundle / "engines").glob("*.json"))
        content = {**json.loads(sidecar.read_text("utf-8")), "options": {}}
        sidecar.write_text(json.dumps(content), "utf-8")
        run_here(capsys, *detect, "--allow-engine-host-code").refused("engineHostCodeAllowed")


@pytest.mark.parametrize(
    "option", [["--version-compatible"], ["--hardware-compatible"], ["--optimization-level", "5"]]
)
def test_what_a_version_does_not_have_is_refused(option: List[str], build: Build) -> None:
    with install("8.4.1"):
        build("--precision", "fp32", *option).refused(option[0], "needs TensorRT 8.6", "8.4.1")


def test_int8_is_refused_on_a_gpu_without_it(build: Build) -> None:
    with install("8.2.1", compute_capability=(5, 3)):
        build("--precision", "int8").refused("sm_53 has no int8", "choose one of fp16, fp32\n")


@pytest.mark.parametrize("asked", [("fp16", "int8"), ("int8", "fp16", "fp32")])
def test_a_precision_that_the_gpu_lacks_does_not_stop_the_others(
    asked: Sequence[str], bundle: Path, build: Build
) -> None:
    with install("8.2.1", compute_capability=(5, 3)):
        result = build("--precision", *asked)
        assert result.exit_code == 0, result.output
        built = {file.name[:4] for file in (bundle / "engines").glob("*.engine")}
    assert built == set(asked) - {"int8"}
    reason = "int8 is not built: sm_53 has no int8"
    lines = result.output.splitlines()
    assert f"caution: {reason}" == lines[0]  # before anything takes minutes
    assert reason in lines  # and behind the tables


def test_a_precision_that_the_bundle_lacks_is_refused_beside_others(
    bundle: Path, build: Build
) -> None:
    offer_precisions(bundle, "fp32", "fp16")
    with install("10.3.0"):
        build("--precision", "fp16", "int8").refused("has no precision 'int8'", "fp32, fp16")
    assert not (bundle / "engines").exists()


def test_the_accelerator_is_used_where_there_is_one(bundle: Path, build: Build) -> None:
    with install("10.3.0", dla_cores=2):
        assert build("--precision", "fp16", "--dla").exit_code == 0
        sidecar = engine(bundle, "fp16").sidecar
        # It takes no strongly typed networks.
        assert (sidecar.typing, sidecar.options) == ("weak", {"dla": True})


@pytest.mark.parametrize(
    ("precision", "why"), [("int8", "takes no QuantizeLinear"), ("fp32", "float16 and int8 only")]
)
def test_a_precision_that_the_accelerator_lacks_is_refused_with_the_reason(
    precision: str, why: str, build: Build
) -> None:
    with install("8.4.1", dla_cores=1):
        build("--precision", precision, "--dla").refused(
            f"the accelerator has no {precision} (it ", why, "choose --precision fp16"
        )


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("release", VERSIONS)
def test_without_an_accelerator_that_is_said_before_anything_is_parsed(
    release: str, precision: str, bundle: Path, build: Build
) -> None:
    (bundle / f"{precision}.onnx").write_bytes(b"")
    with install(release, device_name="NVIDIA H100") as double:
        build("--precision", precision, "--dla", "--workspace", "64MiB").refused(
            f"--dla: TensorRT {double.tensorrt.__version__} finds no deep learning accelerator",
            "NVIDIA H100",
            "leave --dla out",
        )


def test_the_accelerator_has_no_number(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    with install("10.3.0", dla_cores=2), pytest.raises(SystemExit):
        build("--precision", "fp16", "--dla", "5")
    assert "unrecognized arguments: 5" in capsys.readouterr().err


@pytest.mark.parametrize("version", ["8.2.1", "8.6.1", "10.3.0"], indirect=True)
def test_operators_that_tensorrt_lacks_are_named_with_a_remedy(
    version: str, bundle: Path, build: Build
) -> None:
    file = bundle / "fp32.onnx"
    model = onnx.load(str(file))
    (node,) = (one for one in model.graph.node if one.name == "network/model/active")
    node.domain, node.op_type = "made.up", "Wobble"
    onnx.save(model, str(file))
    signed = {"sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    change_manifest(bundle, lambda m: m["precisions"]["fp32"].update(signed))
    operators = {"missing": {"Wobble": "use Relu instead"}}
    change_manifest(bundle, lambda m: m["source"].update(operators=operators))
    report = {"missing": [{"operator": "Wobble", "remedy": "believe the report"}]}
    (bundle / "report").mkdir()
    (bundle / "report" / "report.json").write_text(json.dumps(report), "utf-8")
    build("--precision", "fp32").refused(
        "Wobble 'network/model/active'", "Plugin not found", "Remedy: use Relu instead"
    )
    assert not list((bundle / "engines").glob("*fp32*"))


@pytest.mark.parametrize(
    ("error", "expected_text"),
    [
        (
            RuntimeError("Unable to open library: libnvinfer_vc_plugin.so.8 due to …"),  # 8.6.0
            "libnvinfer_vc_plugin.so.8 due to …. Remedy: install the library",
        ),
        (IndexError("vector::_M_range_check"), "_M_range_check. Remedy: the parser fails at"),
        (MemoryError("std::bad_alloc"), "Out of memory. Remedy: close other programs"),
    ],
)
@pytest.mark.parametrize("release", ["8.2.1", "8.6.1"])
def test_a_parser_that_throws_is_no_traceback(
    release: str,
    error: Exception,
    expected_text: str,
    build: Build,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def throw(*arguments: object, **named: object) -> bool:
        raise error

    with install(release) as double:
        for name in ("parse", "parse_from_file"):
            monkeypatch.setattr(double.tensorrt.OnnxParser, name, throw)
        build("--precision", "fp32").refused("does not take", "fp32.onnx", expected_text)


def set_opset(bundle: Path, precision: str, opset: int) -> None:
    """In the file alone: the manifest still has the one of the conversion."""
    file = bundle / f"{precision}.onnx"
    model = onnx.load(str(file))
    model.opset_import[0].version = opset
    onnx.save(model, str(file))
    signed = {"sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    change_manifest(bundle, lambda m: m["precisions"][precision].update(signed))


@pytest.mark.parametrize(
    ("version", "opset", "most", "target"),
    [("8.2.1", 14, 13, "jetson-nano"), ("8.6.1", 18, 17, "jetpack5")],
    indirect=["version"],
)
def test_a_later_opset_than_tensorrt_knows_is_refused_before_it_is_parsed(
    version: str, opset: int, most: int, target: str, bundle: Path, build: Build
) -> None:
    """The real parser would take it, and may build something else of it."""
    set_opset(bundle, "fp16", opset)
    build("--precision", "fp16", "fp32").refused(
        f"fp16.onnx has opset {opset}",
        f"TensorRT {VERSIONS[version][0]} knows opsets up to {most}",
        f"trt-inference convert … --target {target}",
    )
    assert [file.name[:4] for file in (bundle / "engines").glob("*.engine")] == ["fp32"]


@pytest.mark.skipif(
    onnxruntime_is_before("1.12"), reason="the double runs models on ONNX Runtime, here before 1.12"
)
@pytest.mark.parametrize("version", ["8.4.1", "10.3.0"], indirect=True)
def test_an_opset_that_tensorrt_knows_is_built(version: str, bundle: Path, build: Build) -> None:
    set_opset(bundle, "fp16", 17)
    assert build("--precision", "fp16").exit_code == 0


def test_what_cannot_be_written_is_reported_before_the_build(bundle: Path, build: Build) -> None:
    (bundle / "engines").write_text("a file where the folder should be")
    with install("10.3.0") as double:
        build("--precision", "fp16").refused("cannot write into")
        assert double.counters.execution_contexts == 0


def test_a_model_that_was_changed_is_refused(bundle: Path, build: Build) -> None:
    with (bundle / "fp16.onnx").open("ab") as stream:
        stream.write(b"\0")
    with install("10.3.0"):
        build("--precision", "fp16").refused("fp16.onnx was changed")


def test_a_build_that_fails_leaves_the_old_engine(bundle: Path, build: Build) -> None:
    with install("10.3.0") as double:
        build("--precision", "fp16")
        before = files(bundle)
        double.faults.build = "Error Code 2: OutOfMemory (Requested size was 268435456 bytes.)"
        build("--precision", "fp16", "--workspace", "256MiB").refused(
            "ran out of memory", "OutOfMemory", "workspace of 256MiB", "--workspace"
        )
        assert files(bundle) == before


RESOURCE = "Error Code 1: Cuda Runtime (invalid resource handle)"


def test_memory_that_was_short_comes_first_though_tensorrt_names_another_error(
    build: Build,
) -> None:
    with install("8.2.1", free_memory=200 << 20) as double:
        double.faults.build = RESOURCE
        result = build("--precision", "fp32", "--workspace", "256MiB")
    assert "caution: the build may take 256MiB of GPU memory, 200MiB are free" in result.output
    result.refused(
        "TensorRT probably ran out of memory when it built fp32",
        "up to 256MiB of GPU memory, of which 200MiB were free",
        "workspace of 256MiB",
        "close other programs that use the GPU",
        "a smaller --workspace, as in 128MiB",
        "build fp16",
        "invalid resource handle",
    )


@pytest.mark.parametrize(
    ("severity", "line"),
    [
        (
            "ERROR",
            "[defaultAllocator.cpp::allocate::31] Error Code 1: Cuda Runtime (out of memory)",
        ),
        ("WARNING", "Requested amount of GPU memory (99 bytes) could not be allocated."),
    ],
)
def test_memory_that_ran_out_on_the_way_comes_before_the_last_error(
    severity: str, line: str, build: Build
) -> None:
    with install("10.3.0") as double:
        double.faults.before_build = [(severity, line)]
        double.faults.build = RESOURCE
        build("--precision", "fp16").refused("TensorRT ran out of memory", line, RESOURCE)


def test_memory_that_was_ample_is_not_accused(build: Build) -> None:
    with install("8.2.1") as double:
        double.faults.build = RESOURCE
        result = build("--precision", "fp32", "--workspace", "256MiB")
    result.refused("invalid resource handle", "Memory is hardly the reason", "6.0GiB were free")
    assert "out of memory" not in result.output


def test_a_full_gpu_whose_builder_cannot_be_made_is_no_traceback(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    with install("8.6.1", free_memory=1 << 20) as double:

        def refuse(builder: object, logger: Any) -> None:
            logger.log(double.tensorrt.Logger.ERROR, "CUDA initialization failure with error: 2")
            raise TypeError("pybind11::init(): factory function returned nullptr")

        monkeypatch.setattr(double.tensorrt.Builder, "__init__", refuse)
        result = build("--precision", "fp16", "--workspace", "256MiB")
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert "TensorRT ran out of memory when it built fp16" in result.output


def test_a_tensorrt_without_its_lean_runtime_is_told_from_a_model_that_cannot_be_built(
    bundle: Path, build: Build
) -> None:
    with install("8.6.1") as double:
        double.faults.build = (
            "6: Error Code 6: Internal Error (Unable to load library: libnvinfer_lean.so.8.6.0)"
        )
        build("--precision", "fp16", "--version-compatible").refused(
            "libnvinfer_lean", "leave --version-compatible out"
        )


def test_an_engine_that_does_not_run_leaves_the_old_one(bundle: Path, build: Build) -> None:
    with install("10.3.0") as double:
        build("--precision", "fp16")
        before = files(bundle)
        double.faults.create_execution_context = True
        build("--precision", "fp16", "--batch", "2").refused("cannot make room")
        assert files(bundle) == before


def test_one_that_fails_does_not_stop_the_others(bundle: Path, build: Build) -> None:
    with install("10.3.0"):
        (bundle / "fp16.onnx").write_bytes(b"")
        build("--precision", "fp16", "fp32").refused("fp16.onnx was changed")
        assert plan(bundle, "fp32")


@pytest.mark.parametrize(
    ("release", "device"), [("10.13.3", "Double"), ("10.3.0", "Orin")], ids=["version", "device"]
)
def test_times_of_another_gpu_are_replaced(
    release: str, device: str, build: Build, tmp_path: Path
) -> None:
    file = tmp_path / "times"
    with install(release, device_name=device):
        build("--precision", "fp32", "--timing-cache", file)
    before = file.read_bytes()
    with install("10.3.0"):
        again = build("--precision", "fp32", "--timing-cache", file)
        assert "all layers timed anew" in again.output
        assert file.read_bytes() != before
        again = build("--precision", "fp32", "--timing-cache", file)
        assert "with the times of an earlier build" in again.output


def test_a_file_that_is_no_cache_is_replaced(build: Build, tmp_path: Path) -> None:
    file = tmp_path / "times"
    file.write_bytes(b"no cache")
    with install("8.2.1"):
        assert "timed anew" in build("--precision", "fp32", "--timing-cache", file).output
    assert file.stat().st_size > 100


def test_engines_are_built_and_listed_for_the_gpu_that_is_asked_for(
    bundle: Path, build: Build, cuda: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with install("10.3.0", cuda, devices=2, other_capability=(7, 5)):
        assert build("--precision", "fp16", "--device", "1").exit_code == 0
        (file,) = (bundle / "engines").glob("fp16*.engine")
        assert "sm75" in file.name
        output = run_here(capsys, "engines", bundle, "--device", "1").output
        assert " runs " in output and "sm_75" in output
        assert f"for int8, run trt-inference build {bundle} --precision int8 --device 1" in output
        output = run_here(capsys, "engines", bundle).output
        assert "built by TensorRT 10.3.0 for sm_75" in output
        assert f"trt-inference build {bundle} --precision fp16\n" in output
        imported = build(
            "--import-engine", file, "--precision", "fp16", "--device", "1", "--batch", "1"
        )
        assert imported.exit_code == 0, imported.output
        build("--precision", "fp16", "--device", "2").refused(
            "there is no GPU 2, there are 2, counted from 0"
        )


def test_engines_are_built_for_the_visible_gpu(
    bundle: Path, build: Build, cuda: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with install("10.3.0", cuda, devices=2, other_capability=(7, 5)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
        assert build("--precision", "fp16").exit_code == 0
        assert "sm75" in next((bundle / "engines").glob("fp16*.engine")).name
        build("--precision", "fp16", "--device", "1").refused(
            "there is no GPU 1, there is 1, counted from 0 (CUDA_VISIBLE_DEVICES=1)"
        )


def test_without_a_gpu_nothing_of_tensorrt_is_touched(build: Build) -> None:
    with install("8.6.1", devices=0):
        build("--precision", "fp16").refused("there is no NVIDIA GPU here")


def test_without_tensorrt_and_pycuda_it_reports_what_to_install(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(capsys, "build", bundle, "--precision", "fp16").refused(
        "CUDA for Python is missing", "python3 -m pip install"
    )


def test_without_pictures_it_warns(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with install("10.3.0"):
        result = run_here(capsys, "build", bundle, "--precision", "fp32")
        assert "made-up pictures" in result.output
        assert "--images" in engine(bundle, "fp32").sidecar.measured["cautions"][0]


@pytest.mark.parametrize(
    ("version", "write"),
    [("8.4.1", write_classification_bundle), ("10.3.0", write_segmentation_bundle)],
    indirect=["version"],
)
def test_weights_in_a_second_file_are_found(
    version: str,
    write: Callable[..., Path],
    tmp_path: Path,
    pictures: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle = write(tmp_path / "bundle", external_data=True)
    result = run_here(capsys, "build", bundle, "--precision", "fp32", "--images", pictures)
    assert result.exit_code == 0, result.output
    measured = engine(bundle, "fp32").sidecar.measured
    if write is write_segmentation_bundle:  # the other one is refused by ONNX Runtime
        assert measured["comparison"]["images"] == 3
    else:
        assert "was not compared" in result.output


@pytest.mark.parametrize("version", ["8.4.1", "10.3.0"], indirect=True)
def test_a_classifier_has_the_same_classes(
    version: str, tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = write_classification_bundle(tmp_path / "classes")
    result = run_here(capsys, "build", bundle, "--precision", "fp32", "--images", pictures)
    assert result.exit_code == 0, result.output
    assert engine(bundle, "fp32").sidecar.measured["comparison"]["agreement"]["same"] == 3


@pytest.mark.parametrize("external_data", [False, True])
def test_a_class_map_has_the_same_classes(
    version: str,
    external_data: bool,
    tmp_path: Path,
    pictures: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle = write_segmentation_bundle(tmp_path / "segments", external_data=external_data)
    result = run_here(capsys, "build", bundle, "--precision", "fp32", "--images", pictures)
    assert result.exit_code == 0, result.output
    (tensor,) = (one for one in plan(bundle, "fp32").tensors if not one.is_input)
    assert tensor.dtype == ("INT32" if version in BEFORE_BYTES else "UINT8")
    found = engine(bundle, "fp32").sidecar.measured["comparison"]["agreement"]
    assert found["same"] == found["compared"] > 0
