"""The double of TensorRT and pycuda: that it works, and that it does not let mistakes pass."""

import ctypes
import gc
import json
import operator
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import numpy as np
import onnx
import onnxruntime
import pytest

from test.color_bundle import SIZE, picture
from test.task_bundles import write_segmentation_bundle
from test.tensorrt_double import VERSIONS, Double, DoubleError, install
from test.tensorrt_double.install import TEMPLATES
from test.tensorrt_double.surface import classes_of, members_of

SHAPE = (1, SIZE, SIZE, 3)


@pytest.fixture(params=list(VERSIONS))
def double(request: pytest.FixtureRequest) -> Iterator[Double]:
    """Each version in turn."""
    with install(request.param) as installed:
        yield installed


@pytest.fixture
def modern() -> Iterator[Double]:
    """One version with named tensors, on a device that captures."""
    with install("10.3.0") as installed:
        yield installed


@pytest.fixture(scope="module")
def color_onnx(shared_color_bundle: Path) -> bytes:
    return (shared_color_bundle / "fp32.onnx").read_bytes()


def with_float_input(model: bytes) -> bytes:
    """As a version without uint8 takes it."""
    changed = onnx.load_from_string(model)
    changed.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    return changed.SerializeToString()


def collecting_logger(trt: Any) -> Any:
    class Collecting(trt.ILogger):
        def __init__(self) -> None:
            super().__init__()
            self.lines: List[str] = []

        def log(self, severity: Any, msg: str) -> None:
            if severity <= trt.ILogger.WARNING:
                self.lines.append(msg)

    return Collecting()


def parsed(double: Double, model: bytes, *flags: str) -> Any:
    """A network of ``model`` in the version's own way, and its parser and builder."""
    trt = double.tensorrt
    logger = collecting_logger(trt)
    builder = trt.Builder(logger)
    known = trt.NetworkDefinitionCreationFlag
    names = flags or (("EXPLICIT_BATCH",) if hasattr(known, "EXPLICIT_BATCH") else ())
    network = builder.create_network(sum(1 << int(getattr(known, name)) for name in names))
    parser = trt.OnnxParser(network, logger)
    if not hasattr(trt.DataType, "UINT8"):
        model = with_float_input(model)
    return builder, network, parser, parser.parse(model), logger


def build(
    double: Double, model: bytes, change: Callable[[Any], None] = lambda config: None
) -> Optional[bytes]:
    builder, network, parser, done, _ = parsed(double, model)
    assert done, parser.get_error(0)
    config = builder.create_builder_config()
    profile = builder.create_optimization_profile()
    profile.set_shape("image", SHAPE, SHAPE, SHAPE)
    config.add_optimization_profile(profile)
    change(config)
    plan = builder.build_serialized_network(network, config)
    return None if plan is None else bytes(plan)


class Runner:
    """The shortest correct program: what the tests break at one place each."""

    def __init__(self, double: Double, plan: bytes) -> None:
        trt, cuda = double.tensorrt, double.driver
        self.double, self.cuda, self.logger = double, cuda, collecting_logger(trt)
        self.engine = trt.Runtime(self.logger).deserialize_cuda_engine(plan)
        self.context = self.engine.create_execution_context()
        self.stream = cuda.Stream()
        self.named = hasattr(trt.ICudaEngine, "num_io_tensors")
        kind = np.uint8 if hasattr(trt.DataType, "UINT8") else np.float32
        self.host = {
            "image": cuda.pagelocked_empty(SHAPE, kind),
            "boxes": cuda.pagelocked_empty((1, 20, 4), np.float32),
            "scores": cuda.pagelocked_empty((1, 20), np.float32),
            "classes": cuda.pagelocked_empty((1, 20), np.int32),
        }
        self.device = {name: cuda.mem_alloc(array.nbytes) for name, array in self.host.items()}
        if self.named:
            assert self.context.set_input_shape("image", SHAPE)
            for name, memory in self.device.items():
                assert self.context.set_tensor_address(name, int(memory))
        else:
            assert self.context.set_binding_shape(0, SHAPE)

    def upload(self) -> None:
        self.cuda.memcpy_htod_async(self.device["image"], self.host["image"], self.stream)

    def execute(self) -> bool:
        if self.named:
            return self.context.execute_async_v3(self.stream.handle)
        bindings = [int(self.device[self.engine[index]]) for index in range(len(self.engine))]
        return self.context.execute_async_v2(bindings, self.stream.handle)

    def download(self) -> None:
        for name in ("boxes", "scores", "classes"):
            self.cuda.memcpy_dtoh_async(self.host[name], self.device[name], self.stream)

    def enqueue(self) -> None:
        self.upload()
        assert self.execute()
        self.download()

    def infer(self, image: np.ndarray) -> Dict[str, np.ndarray]:
        np.copyto(self.host["image"][0], image)
        self.enqueue()
        self.stream.synchronize()
        return {name: self.host[name].copy() for name in ("boxes", "scores", "classes")}


@contextmanager
def current_context(double: Double) -> Iterator[Any]:
    double.driver.init()
    context = double.driver.Device(0).retain_primary_context()
    context.push()
    try:
        yield context
        gc.collect()
    finally:
        context.pop()
        context.detach()


@contextmanager
def running(double: Double, model: bytes) -> Iterator[Runner]:
    plan = build(double, model)
    assert plan is not None
    with current_context(double):
        runner = Runner(double, plan)
        np.copyto(runner.host["image"][0], picture("red", (2, 3)))
        yield runner
        vars(runner).clear()
        gc.collect()


def on_onnx_runtime(model: bytes, image: np.ndarray) -> Dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = ["boxes", "scores", "classes"]
    return dict(zip(names, session.run(names, {"image": image[np.newaxis]})))


# It does what the real thing does.


def test_each_version_finds_what_onnx_runtime_finds(double: Double, color_onnx: bytes) -> None:
    image = picture("green", (1, 5))
    with running(double, color_onnx) as runner:
        for _ in range(2):
            found = runner.infer(image)
        expected = on_onnx_runtime(color_onnx, image)
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values)
        double.counters.reset()
        runner.infer(image)
        assert double.counters.device_allocations == double.counters.pinned_allocations == 0
        assert double.counters.executed == 1
    assert double.live() == {}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.__name__)
def test_the_double_invents_no_member(template: Any) -> None:
    real = {name for version in VERSIONS for name in members_of(version, template.__name__)}
    own = {name for name in vars(template) if not name.startswith("_")}
    assert own - real == set()


def test_no_version_has_members_of_another(double: Double) -> None:
    trt, version = double.tensorrt, double._api.version
    for name in {name for each in VERSIONS for name in classes_of(each)}:
        members = members_of(version, name)
        kind = getattr(trt, name, None)
        assert (kind is not None) == (name in classes_of(version))
        ours = set(dir(kind)) if kind is not None else set()
        every = {m for each in VERSIONS for m in members_of(each, name)}
        assert {m for m in every if m in ours} == members & every
    assert trt.__version__.startswith(version)


def test_the_module_is_gone_afterwards() -> None:
    with install("10.3.0"):
        import tensorrt

        assert tensorrt.__version__ == "10.3.0"
    assert "tensorrt" not in sys.modules and "pycuda.driver" not in sys.modules


def test_attributes_of_other_versions_cannot_be_set(modern: Double) -> None:
    builder = modern.tensorrt.Builder(modern.tensorrt.Logger())
    config = builder.create_builder_config()
    with pytest.raises(AttributeError):
        config.max_workspace_size = 1 << 28
    assert not hasattr(config, "max_workspace_size")
    with modern.refuses("the double lacks it"):
        config.int8_calibrator = None


def test_flags_are_shifted_by_their_number(modern: Double) -> None:
    flag = modern.tensorrt.NetworkDefinitionCreationFlag.STRONGLY_TYPED
    with pytest.raises(TypeError):
        1 << flag
    assert 1 << int(flag) == 2
    assert modern.tensorrt.DataType.FLOAT != 0


def test_dims_are_no_tuple_but_look_like_one(modern: Double) -> None:
    dims = modern.tensorrt.Dims((1, 2, 3))
    assert dims == (1, 2, 3) and tuple(dims) == (1, 2, 3) and dims[1:] == (2, 3) and len(dims) == 3
    assert str(dims) == "(1, 2, 3)" and not isinstance(dims, tuple)
    with pytest.raises(TypeError):
        operator.eq(dims, modern.tensorrt.Dims((1, 2, 3)))


def test_a_logger_must_call_the_constructor_of_its_base(modern: Double) -> None:
    class Careless(modern.tensorrt.ILogger):
        def __init__(self) -> None:
            pass

    with pytest.raises(TypeError, match="must be called"):
        Careless()


# Building.


def test_uint8_is_refused_before_8_5(color_onnx: bytes) -> None:
    with install("8.4.1") as double:
        builder, _, _, _, logger = parsed(double, color_onnx)
        fresh = builder.create_network(1)
        parser = double.tensorrt.OnnxParser(fresh, logger)
        assert not parser.parse(color_onnx)
        assert "Failed to convert ONNX date type" in parser.get_error(0).desc()
        assert not hasattr(parser.get_error(0), "node_name")
        assert any("INT64 weights" in line for line in logger.lines)


@pytest.mark.parametrize("changed", ["output", "cast"])
@pytest.mark.parametrize("version", ["8.2.1", "8.4.1"])
def test_a_class_map_of_bytes_is_refused_before_8_5(
    version: str, changed: str, tmp_path: Path
) -> None:
    """Also where only one of the two is something else: real parsers know no uint8 anywhere."""
    model = onnx.load(str(write_segmentation_bundle(tmp_path / "segments") / "fp32.onnx"))
    if changed == "output":
        model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.INT32
    else:
        model.graph.node[-1].attribute[0].i = onnx.TensorProto.INT32
    with install(version) as double:
        _, _, parser, done, _ = parsed(double, model.SerializeToString())
        assert not done
        assert "convertDtype" in parser.get_error(0).desc()


def test_an_implicit_batch_is_refused(color_onnx: bytes) -> None:
    with install("8.6.1") as double:
        trt, logger = double.tensorrt, collecting_logger(double.tensorrt)
        parser = trt.OnnxParser(trt.Builder(logger).create_network(), logger)
        assert not parser.parse(color_onnx)
        assert "explicit batch" in parser.get_error(0).desc()


def test_a_network_tells_its_parts(double: Double, color_onnx: bytes) -> None:
    _, network, parser, done, _ = parsed(double, color_onnx)
    assert done and parser.num_errors == 0
    assert network.num_inputs == 1 and network.num_outputs == 3
    assert network.get_input(0).name == "image"
    assert network.get_input(0).shape == (-1, SIZE, SIZE, 3)
    assert network.num_layers == len(onnx.load_from_string(color_onnx).graph.node)
    assert network.get_layer(0).name == "input_stage/step_1"


def test_broken_onnx_is_an_error_of_the_parser(double: Double, tmp_path: Path) -> None:
    trt, logger = double.tensorrt, collecting_logger(double.tensorrt)
    network = trt.Builder(logger).create_network(1 if hasattr(trt.BuilderFlag, "FP16") else 0)
    parser = trt.OnnxParser(network, logger)
    assert not parser.parse(b"no model") and not parser.parse_from_file(str(tmp_path / "none"))
    assert parser.num_errors == 2
    assert parser.get_error(0).code() == trt.ErrorCode.MODEL_DESERIALIZE_FAILED


def test_an_open_batch_needs_a_profile(double: Double, color_onnx: bytes) -> None:
    builder, network, _, _, logger = parsed(double, color_onnx)
    config = builder.create_builder_config()
    assert not builder.is_network_supported(network, config)
    assert builder.build_serialized_network(network, config) is None
    assert any("no optimization profile" in line for line in logger.lines)


def quantized_model() -> bytes:
    return onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["": 13]>
        g (float[1, 4] image) => (float[1, 4] y)
        <float scale = {0.1}, int8 zero = {0}>
        { q = QuantizeLinear (image, scale, zero)
          y = DequantizeLinear (q, scale, zero) }"""
    ).SerializeToString()


@pytest.mark.parametrize("version", ["8.6.1", "10.3.0"])
def test_quantized_networks_need_the_flag(version: str) -> None:
    with install(version) as double:
        builder, network, _, done, logger = parsed(double, quantized_model())
        config = builder.create_builder_config()
        assert done and builder.build_serialized_network(network, config) is None
        assert any("int8 is not configured" in line for line in logger.lines)
        config.set_flag(double.tensorrt.BuilderFlag.INT8)
        assert builder.build_serialized_network(network, config) is not None


def test_strongly_typed_networks_take_no_precision_flag(modern: Double) -> None:
    builder, network, _, _, logger = parsed(modern, quantized_model(), "STRONGLY_TYPED")
    config = builder.create_builder_config()
    assert builder.build_serialized_network(network, config) is not None
    config.set_flag(modern.tensorrt.BuilderFlag.INT8)
    assert builder.build_serialized_network(network, config) is None
    assert any("strongly typed" in line for line in logger.lines)


def test_the_monitor_can_end_the_build(modern: Double, color_onnx: bytes) -> None:
    trt = modern.tensorrt
    seen: List[str] = []

    class Monitor(trt.IProgressMonitor):
        def __init__(self, steps: int) -> None:
            super().__init__()
            self.left = steps

        def phase_start(self, phase_name: str, parent_phase: str, num_steps: int) -> None:
            seen.append(f"+{phase_name}")

        def step_complete(self, phase_name: str, step: int) -> bool:
            self.left -= 1
            return self.left > 0

        def phase_finish(self, phase_name: str) -> None:
            seen.append(f"-{phase_name}")

    def watched(steps: int) -> Callable[[Any], None]:
        return lambda config: setattr(config, "progress_monitor", Monitor(steps))

    assert build(modern, color_onnx, watched(10_000)) is not None
    assert build(modern, color_onnx, watched(3)) is None
    assert len([line for line in seen if line[0] == "+"]) == len(seen) // 2


def test_the_timing_cache_goes_through_bytes(double: Double, color_onnx: bytes) -> None:
    written: List[bytes] = []

    def use_cache(config: Any) -> None:
        cache = config.create_timing_cache(written[-1] if written else b"")
        assert config.set_timing_cache(cache, False)
        written.append(bytes(cache.serialize()))
        changes.append(cache)

    changes: List[Any] = []
    build(double, color_onnx, use_cache)
    assert len(bytes(changes[0].serialize())) > len(written[0])


def test_the_inspector_tells_as_much_as_was_built(double: Double, color_onnx: bytes) -> None:
    trt = double.tensorrt

    def detailed(config: Any) -> None:
        config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED

    plan = build(double, color_onnx, detailed)
    engine = trt.Runtime(trt.Logger()).deserialize_cuda_engine(plan)
    text = engine.create_engine_inspector().get_engine_information(trt.LayerInformationFormat.JSON)
    assert json.loads(text)["Layers"][0]["Name"] == "input_stage/step_1"


def test_the_parser_tells_what_it_lacks(modern: Double) -> None:
    model = onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["": 13, "own": 1]>
        g (float[4] image) => (float[4] y) { a = Relu (image) y = own.Strange (a) }"""
    ).SerializeToString()
    _, _, parser, done, _ = parsed(modern, model)
    error = parser.get_error(0)
    assert not done and error.node() == 1 and error.node_operator() == "Strange"
    assert not parser.supports_model_v2(model)
    parts = [parser.get_subgraph_nodes(part) for part in range(parser.num_subgraphs)]
    assert parts == [[0]] and not parser.is_subgraph_supported(0)


def test_a_later_opset_is_read_without_a_word() -> None:
    """8.2 documents opset 13; its parser looks at operators, and asks for 7 at least."""
    model = onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["": 17]>
        g (float[4] image) => (float[4] y) { y = Relu (image) }"""
    ).SerializeToString()
    with install("8.2.1") as double:
        _, _, parser, done, logger = parsed(double, model)
        assert done and parser.num_errors == 0
        assert not [line for line in logger.lines if "pset" in line]


@pytest.mark.parametrize(
    ("operator", "lacking"), [("LayerNormalization", ["8.2.1", "8.4.1"]), ("HardSwish", ["8.2.1"])]
)
def test_operators_came_with_a_version(double: Double, operator: str, lacking: List[str]) -> None:
    trt = double.tensorrt
    network = trt.Builder(trt.Logger()).create_network(1 if hasattr(trt.BuilderFlag, "FP16") else 0)
    parser = trt.OnnxParser(network, trt.Logger())
    old = trt.__version__.startswith(tuple(lacking))
    assert parser.supports_operator(operator) != old


def test_an_input_may_become_float(color_onnx: bytes) -> None:
    with install("8.6.1") as double:
        builder, network, _, _, _ = parsed(double, color_onnx)
        network.get_input(0).dtype = double.tensorrt.float32
        profile, config = builder.create_optimization_profile(), builder.create_builder_config()
        profile.set_shape("image", SHAPE, SHAPE, SHAPE)
        config.add_optimization_profile(profile)
        plan = builder.build_serialized_network(network, config)
        engine = double.tensorrt.Runtime(builder.logger).deserialize_cuda_engine(plan)
        assert engine.get_tensor_dtype("image") == double.tensorrt.float32
    with install("11.4.0") as double:
        _, network, _, _, _ = parsed(double, color_onnx)
        with pytest.raises(AttributeError):
            network.get_input(0).dtype = double.tensorrt.float32


# Plans that do not fit.


@pytest.mark.parametrize(
    ("version", "changes", "message"),
    [
        ("10.13.3", {}, "expecting library version 10.13.3.9 got 10.3.0"),
        ("8.2.1", {}, "Version tag does not match"),
        ("10.3.0", {"compute_capability": (7, 5)}, "expecting compute 7.5 got compute 8.7"),
    ],
)
def test_a_foreign_plan_is_none_and_a_message(
    color_onnx: bytes, version: str, changes: Dict[str, Any], message: str
) -> None:
    with install("10.3.0") as double:
        plan = build(double, color_onnx)
    with install(version, **changes) as double:
        logger = collecting_logger(double.tensorrt)
        assert double.tensorrt.Runtime(logger).deserialize_cuda_engine(plan) is None
        assert any(message in line for line in logger.lines)


def test_a_damaged_plan_is_none(double: Double, color_onnx: bytes) -> None:
    plan = build(double, color_onnx)
    assert plan is not None
    runtime = double.tensorrt.Runtime(double.tensorrt.Logger(double.tensorrt.Logger.ERROR))
    assert runtime.deserialize_cuda_engine(plan[:-1]) is None
    assert runtime.deserialize_cuda_engine(plan[:-1] + b"x") is None


def test_host_memory_is_a_buffer_and_nothing_else(modern: Double, color_onnx: bytes) -> None:
    plan = build(modern, color_onnx)
    memory = modern.tensorrt.Runtime(modern.tensorrt.Logger()).deserialize_cuda_engine(plan)
    memory = memory.serialize()
    assert bytes(memory) == plan and memory.nbytes == len(plan or b"")
    with pytest.raises(TypeError):
        len(memory)


# Mistakes.


def test_without_a_context_nothing_works(double: Double) -> None:
    double.driver.init()
    for call in (double.driver.Stream, lambda: double.driver.mem_alloc(16)):
        with pytest.raises(double.driver.LogicError, match="invalid device context"):
            call()


def test_a_thread_without_the_context_fails(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        seen: List[BaseException] = []

        def use() -> None:
            try:
                runner.stream.synchronize()
            except modern.driver.LogicError as error:
                seen.append(error)

        in_a_thread(use)
        assert len(seen) == 1


def in_a_thread(work: Callable[[], Any]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_thread_that_keeps_a_context_is_found() -> None:
    with pytest.raises(DoubleError, match="with a context on its stack"):
        with install("10.3.0") as double:
            double.driver.init()
            in_a_thread(lambda: double.driver.Device(0).retain_primary_context().push())


def test_freeing_in_another_thread_is_found(modern: Double) -> None:
    with current_context(modern):
        held = [modern.driver.mem_alloc(64)]
        with modern.refuses("freed in thread"):
            in_a_thread(held.clear)


def test_popping_too_often(modern: Double) -> None:
    with current_context(modern):
        pass
    with pytest.raises(modern.driver.LogicError, match="cannot pop"):
        modern.driver.Context.pop()


def test_results_without_synchronisation_are_garbage(double: Double, color_onnx: bytes) -> None:
    with running(double, color_onnx) as runner:
        expected = runner.infer(picture("red", (2, 3)))["scores"]
        runner.enqueue()
        assert (runner.host["scores"].view(np.uint8) == 0xAB).all()
        runner.stream.synchronize()
        np.testing.assert_array_equal(runner.host["scores"], expected)


def test_an_input_changed_too_early_is_found(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        runner.enqueue()
        runner.host["image"][0, 0, 0, 0] ^= 1
        with modern.refuses("was changed while a copy"):
            runner.stream.synchronize()


def test_pageable_memory_is_found(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        runner.host["image"] = np.zeros(SHAPE, np.uint8)
        with modern.refuses("pageable"):
            runner.upload()


def test_missing_upload_and_missing_execution_are_found(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        runner.execute()
        with modern.refuses("'image' reads the device allocation"):
            runner.stream.synchronize()
        runner.download()
        with modern.refuses("a copy to the host reads"):
            runner.stream.synchronize()


def test_an_input_buffer_that_nobody_filled_is_found(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        runner.host["image"] = modern.driver.pagelocked_empty(SHAPE, np.uint8)
        with modern.refuses("never all written"):
            runner.upload()


def test_wrong_sizes_are_found(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        with modern.refuses("does not fit"):
            modern.driver.memcpy_htod_async(runner.device["boxes"], runner.host["image"])
        small = modern.driver.mem_alloc(16)
        assert runner.context.set_tensor_address("image", int(small))
        with modern.refuses("more than"):
            runner.execute()


@pytest.mark.parametrize("place", [0, 4096])
def test_wrong_addresses_are_found(modern: Double, color_onnx: bytes, place: int) -> None:
    with running(modern, color_onnx) as runner:
        with modern.refuses("which no allocation has"):
            runner.context.set_tensor_address("image", place)
        with modern.refuses("no multiple"):
            runner.context.set_tensor_address("image", int(runner.device["image"]) + 4)
        assert not runner.context.set_tensor_address("nothing", int(runner.device["image"]))


def test_a_missing_address_is_false_and_a_message(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        context = runner.engine.create_execution_context()
        assert context.set_input_shape("image", SHAPE)
        assert not context.execute_async_v3(runner.stream.handle)
        assert any("Neither address" in line for line in runner.logger.lines)
        assert not context.set_input_shape("image", (2, *SHAPE[1:]))
        del context  # before the device's context goes


def test_freed_memory_is_found(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        runner.upload()
        runner.device["scores"].free()
        with modern.refuses("which was freed"):
            runner.execute()
        with modern.refuses("freed memory"):
            int(runner.device["scores"])
        with pytest.raises(modern.driver.LogicError):
            runner.device["scores"].free()


def test_numpy_numbers_are_no_sizes(modern: Double) -> None:
    with current_context(modern):
        with pytest.raises(TypeError, match="did not match C"):
            modern.driver.mem_alloc(np.int64(16))


def test_two_streams_without_an_event_are_found(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        other = modern.driver.Stream()
        modern.driver.memcpy_htod_async(runner.device["image"], runner.host["image"], other)
        runner.execute()
        with modern.refuses("none waits for the other"):
            runner.stream.synchronize()
        modern.driver.memcpy_htod_async(runner.device["image"], runner.host["image"], other)
        runner.stream.wait_for_event(modern.driver.Event().record(other))
        runner.execute()
        runner.stream.synchronize()


# Events, zero copy, graphs.


def test_events(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        start, end = modern.driver.Event(), modern.driver.Event()
        start.record(runner.stream)
        runner.enqueue()
        end.record(runner.stream)
        assert not end.query()
        with pytest.raises(modern.driver.RuntimeError, match="not ready"):
            end.time_since(start)
        for _ in range(10):
            if end.query():
                break
        assert end.query() and end.time_since(start) >= 0
        assert runner.stream.is_done()
        quick = modern.driver.Event(modern.driver.event_flags.DISABLE_TIMING).record(runner.stream)
        quick.synchronize()
        with pytest.raises(modern.driver.LogicError):
            quick.time_since(start)


def test_zero_copy(modern: Double, color_onnx: bytes) -> None:
    flags = modern.driver.host_alloc_flags.DEVICEMAP
    with running(modern, color_onnx) as runner:
        expected = runner.infer(picture("red", (2, 3)))
        shared = {}
        for name, array in runner.host.items():
            shared[name] = modern.driver.pagelocked_zeros(array.shape, array.dtype, mem_flags=flags)
            pointer = shared[name].base.get_device_pointer()
            assert runner.context.set_tensor_address(name, pointer)
        np.copyto(shared["image"][0], picture("red", (2, 3)))
        runner.execute()
        assert (shared["scores"].view(np.uint8) == 0xAB).all()
        runner.stream.synchronize()
        np.testing.assert_array_equal(shared["scores"], expected["scores"])
        runner.execute()
        shared["image"][:] = 0
        with modern.refuses("was changed"):
            runner.stream.synchronize()
        with pytest.raises(modern.driver.LogicError):
            runner.host["image"].base.get_device_pointer()


class Graph:
    """Capture as it is to be done."""

    def __init__(self, runner: Runner, work: Callable[[], Any]) -> None:
        self.cuda = ctypes.CDLL("libcuda.so.1")
        self.stream = ctypes.c_void_p(runner.stream.handle)
        self.graph, self.executable = ctypes.c_void_p(), ctypes.c_void_p()
        assert self.cuda.cuStreamBeginCapture_v2(self.stream, 1) == 0
        work()
        self.result = self.cuda.cuStreamEndCapture(self.stream, ctypes.byref(self.graph))
        if self.result == 0:
            self.result = self.cuda.cuGraphInstantiateWithFlags(
                ctypes.byref(self.executable), self.graph, ctypes.c_ulonglong(0)
            )

    def launch(self) -> int:
        return self.cuda.cuGraphLaunch(self.executable, self.stream)

    def destroy(self) -> None:
        self.cuda.cuGraphExecDestroy(self.executable)
        self.cuda.cuGraphDestroy(self.graph)


def test_a_graph_does_again_what_was_captured(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        expected = runner.infer(picture("blue", (0, 0)))
        done = modern.counters.executed
        np.copyto(runner.host["image"][0], picture("red", (2, 3)))
        graph = Graph(runner, runner.enqueue)
        assert graph.result == 0 and modern.counters.executed == done
        np.copyto(runner.host["image"][0], picture("blue", (0, 0)))
        assert graph.launch() == 0
        runner.stream.synchronize()
        np.testing.assert_array_equal(runner.host["scores"], expected["scores"])
        assert modern.live()["graphs"] == 2
        graph.destroy()


def test_capture_without_a_first_run_fails(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        assert Graph(runner, runner.execute).result == 901


def test_illegal_calls_spoil_a_capture(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        runner.infer(picture("red", (2, 3)))

        def work() -> None:
            with pytest.raises(modern.driver.LogicError, match="stream is capturing"):
                runner.stream.synchronize()

        assert Graph(runner, work).result == 901
        runner.infer(picture("red", (2, 3)))


def test_a_handle_that_ctypes_would_cut_is_found(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        with modern.refuses("cuts to 32 bits"):
            ctypes.CDLL("libcuda.so.1").cuStreamBeginCapture_v2(runner.stream.handle, 1)


def test_which_graph_functions_there_are() -> None:
    with install("8.2.1"):
        assert not hasattr(ctypes.CDLL("libcuda.so.1"), "cuGraphInstantiateWithFlags")
    with install("10.3.0") as double:
        double.libcuda = None
        with pytest.raises(OSError):
            ctypes.CDLL("libcuda.so.1")


@pytest.mark.parametrize("stage", ["end", "instantiate", "execute"])
def test_capture_can_be_made_to_fail(modern: Double, color_onnx: bytes, stage: str) -> None:
    with running(modern, color_onnx) as runner:
        runner.infer(picture("red", (2, 3)))
        modern.faults.capture = stage
        graph = Graph(runner, runner.execute)
        assert graph.result != 0
        if graph.graph.value:
            graph.cuda.cuGraphDestroy(graph.graph)
        runner.infer(picture("red", (2, 3)))


# Faults.


def test_a_full_memory(modern: Double, color_onnx: bytes) -> None:
    with running(modern, color_onnx) as runner:
        modern.faults.mem_alloc_after = 1
        first = modern.driver.mem_alloc(16)
        with pytest.raises(modern.driver.MemoryError):
            modern.driver.mem_alloc(16)
        first.free()
        free, _ = modern.driver.mem_get_info()
        with pytest.raises(modern.driver.MemoryError):
            modern.driver.mem_alloc(free + 1)
        modern.faults.create_execution_context = True
        assert runner.engine.create_execution_context() is None
        assert any("out of memory" in line.lower() for line in runner.logger.lines)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("illegal address", "LogicError"), ("launch failed", "LaunchError"), ("device lost", "Error")],
)
def test_a_broken_device_stays_broken(
    modern: Double, color_onnx: bytes, fault: str, error: str
) -> None:
    kind = getattr(modern.driver, error)
    with running(modern, color_onnx) as runner:
        modern.faults.at_synchronize = fault
        runner.enqueue()
        with pytest.raises(kind):
            runner.stream.synchronize()
        modern.faults.at_synchronize = None
        assert not runner.execute()
        with pytest.raises(kind):
            modern.driver.mem_alloc(16)


def test_a_machine_without_a_device() -> None:
    with install("10.3.0", devices=0) as double:
        with pytest.raises(double.driver.RuntimeError, match="no CUDA-capable device"):
            double.driver.init()
        with double.refuses("crashes the process"):
            double.tensorrt.Runtime(double.tensorrt.Logger()).deserialize_cuda_engine(b"")


def test_swallowed_failures_come_back_at_the_end() -> None:
    with pytest.raises(DoubleError, match="no graph or stream"):
        with install("10.3.0") as double:
            double.driver.init()
            with suppress(AssertionError):
                ctypes.CDLL("libcuda.so.1").cuGraphLaunch(ctypes.c_void_p(1), ctypes.c_void_p(2))
