"""CUDA by pycuda and by cuda-python: both do the same, on the double, and on a real GPU with --gpu;
and which of them is taken."""

import sys
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Iterator, Tuple

import numpy as np
import pytest

from test.real_gpu import ON_THIS_GPU, on_this_gpu
from test.tensorrt_double import CUDA_PACKAGES, install
from trt_inference.engines.tensorrt.cuda.base import Cuda, GpuProperties
from trt_inference.engines.tensorrt.cuda.choose_library import (
    advice_for,
    load_cuda,
    prefer_library,
)
from trt_inference.engines.tensorrt.gpu import GpuContext, gpu_properties, open_cuda, this_machine
from trt_inference.errors import EngineError

VERSION = "10.3.0"
SHAPE = (3, 5)


@pytest.fixture(params=[*CUDA_PACKAGES, *ON_THIS_GPU])
def cuda(request: pytest.FixtureRequest) -> Iterator[Cuda]:
    """A library with a current context. On the double nothing may be left of it."""
    if request.param in CUDA_PACKAGES:
        with install(VERSION, request.param) as double:
            with entered(load_cuda()) as made:
                assert made.library.startswith(request.param)
                yield made
            assert double.live() == {}
    else:
        with on_this_gpu(request.param) as made, entered(made):
            yield made


@contextmanager
def entered(cuda: Cuda) -> Iterator[Cuda]:
    cuda.init()
    context = cuda.enter(0)
    try:
        yield cuda
    finally:
        context.close()


def numbers() -> np.ndarray:
    return np.arange(15, dtype=np.float32).reshape(SHAPE)


def locked(cuda: Cuda, mapped: bool = False) -> np.ndarray:
    return cuda.page_locked(SHAPE, np.dtype(np.float32), mapped)


def test_what_goes_to_the_gpu_comes_back(cuda: Cuda) -> None:
    there, back = locked(cuda), locked(cuda)
    assert (there.shape, there.dtype, there.flags.c_contiguous) == (SHAPE, np.float32, True)
    stream, memory = cuda.stream(), cuda.allocate(there.nbytes)
    upload, download = cuda.upload(memory, there), cuda.download(back, memory)
    for factor in (1, 2):  # prepared once, and done again and again
        there[:] = factor * numbers()
        upload(stream)
        download(stream)
        stream.synchronize()
        np.testing.assert_array_equal(back, factor * numbers())
    del upload, download
    memory.free()


def test_any_array_is_copied_at_once(cuda: Cuda) -> None:
    back, memory = np.zeros(SHAPE, np.float32), cuda.allocate(numbers().nbytes)
    cuda.upload_now(memory, numbers())
    cuda.download_now(back, memory)
    np.testing.assert_array_equal(back, numbers())
    assert int(memory) % 256 == 0
    memory.free()


def test_a_mapped_array_has_an_address_for_the_gpu(cuda: Cuda) -> None:
    array = locked(cuda, mapped=True)
    array[:] = numbers()
    assert cuda.address_of(array) % 256 == 0
    np.testing.assert_array_equal(array, numbers())


def test_a_view_keeps_page_locked_memory(cuda: Cuda) -> None:
    array = locked(cuda)
    array[:] = numbers()
    view = array[1:]
    del array
    np.testing.assert_array_equal(view, numbers()[1:])


def test_events_mark_what_is_done_and_tell_the_time_between(cuda: Cuda) -> None:
    stream, array = cuda.stream(), locked(cuda)
    memory = cuda.allocate(array.nbytes)
    array.fill(1)
    first, last = cuda.event(timing=True), cuda.event(timing=True, blocking=True)
    first.record(stream)
    cuda.upload(memory, array)(stream)
    last.record(stream)
    last.synchronize()
    assert first.time_till(last) >= 0
    quick = cuda.event()
    quick.record(stream)
    quick.synchronize()
    with pytest.raises(cuda.error, match="cuEventElapsedTime failed: invalid resource handle"):
        first.time_till(quick)
    memory.free()


def test_memory_that_is_taken_is_missing_until_it_is_given_back(cuda: Cuda) -> None:
    size = 64 << 20
    free, total = cuda.memory_info()
    assert 0 < free <= total
    memory = cuda.allocate(size)
    assert cuda.memory_info()[0] <= free - size
    memory.free()
    assert cuda.memory_info()[0] == free
    memory = cuda.allocate(size)
    del memory  # as much as free()
    assert cuda.memory_info()[0] == free


def test_too_much_memory_is_an_error_of_its_own(cuda: Cuda) -> None:
    with pytest.raises(cuda.out_of_memory, match="cuMemAlloc failed: out of memory"):
        cuda.allocate(cuda.memory_info()[1] + 1)
    assert issubclass(cuda.out_of_memory, cuda.error)
    cuda.synchronize()  # nothing is lost by it


def test_there_is_no_gpu_beyond_the_last_one(cuda: Cuda) -> None:
    with pytest.raises(cuda.error, match="invalid device ordinal"):
        cuda.properties(cuda.device_count())


def test_after_a_second_context_the_first_one_is_current_again(cuda: Cuda) -> None:
    stream = cuda.stream()
    with entered(load_cuda()) as other:  # as two engines on one thread
        inner = other.stream()
        inner.synchronize()
        del inner
    stream.synchronize()


@pytest.mark.parametrize("library", CUDA_PACKAGES)
def test_what_is_closed_is_no_longer_current(library: str) -> None:
    with install(VERSION, library) as double:
        cuda = load_cuda()
        with entered(cuda):
            stream = cuda.stream()
            del stream
        with pytest.raises(cuda.error, match="cuMemGetInfo failed: invalid device context"):
            cuda.memory_info()
        assert double.live() == {}


@pytest.mark.parametrize("library", CUDA_PACKAGES)
def test_what_outlives_its_context_does_no_harm(library: str) -> None:
    """As what the trace of an error holds: the driver would crash on handles that are gone."""
    with install(VERSION, library):
        cuda = load_cuda()
        with entered(cuda):
            held = [cuda.stream(), cuda.event(), cuda.allocate(64), locked(cuda)]
        with entered(load_cuda()):  # the next engine
            held.clear()


@pytest.mark.parametrize("library", CUDA_PACKAGES)
def test_properties_and_versions_are_those_of_the_machine(library: str) -> None:
    machine = {"device_name": "Orin (nvgpu)", "compute_capability": (8, 7), "integrated": True}
    with install("8.6.1", library, **machine):
        assert gpu_properties() == GpuProperties("Orin (nvgpu)", (8, 7), True)
        here = this_machine()
        assert (here.gpu, here.sm, here.tensorrt) == ("Orin (nvgpu)", "sm_87", "8.6.1")
        assert here.cuda == "12.0"


# Which library is taken.


@contextmanager
def both() -> Iterator[None]:
    """A machine on which both are installed."""
    with install(VERSION, "cuda-python"):
        modules = {name: module for name, module in sys.modules.items() if name[:4] == "cuda"}
        with install(VERSION, "pycuda"), pytest.MonkeyPatch.context() as patch:
            for name, module in modules.items():
                patch.setitem(sys.modules, name, module)
            yield


def test_pycuda_is_taken_where_both_are_unless_the_other_one_is_preferred() -> None:
    with both():
        assert load_cuda().library.startswith("pycuda 20")
        prefer_library("cuda-python")
        try:
            assert load_cuda().library.startswith("cuda-python 12.9.")
        finally:
            prefer_library("pycuda")
        assert load_cuda().library.startswith("pycuda")


@pytest.mark.parametrize("error", [ImportError("undefined symbol"), OSError("no libcuda.so.1")])
def test_cuda_python_is_taken_where_pycuda_cannot_be_loaded(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise error

    with install(VERSION, "cuda-python"):
        monkeypatch.setitem(sys.modules, "pycuda", Broken("pycuda"))
        assert load_cuda().library.startswith("cuda-python")


@pytest.mark.parametrize("version", ["12.9.0", "12.8.0", "11.8.7", None])
def test_cuda_python_that_holds_python_up_is_refused(version: str) -> None:
    with install(VERSION, "cuda-python"):
        bindings: Any = sys.modules["cuda.bindings"]
        del bindings.__version__
        if version is not None:
            bindings.__version__ = version
        with pytest.raises(EngineError, match=r"cuda-bindings [\d.]+ holds up .*12\.9\.1 or newer"):
            load_cuda()


@pytest.mark.parametrize("version", ["12.9.1", "12.9.10", "13.0.0", "13.4.4"])
def test_cuda_python_from_12_9_1_on_is_taken(version: str) -> None:
    with install(VERSION, "cuda-python"):
        vars(sys.modules["cuda.bindings"])["__version__"] = version
        assert load_cuda().library == f"cuda-python {version}"


def test_without_either_it_is_told_how_to_get_one() -> None:
    with install(VERSION), pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pycuda", None)  # type: ignore[arg-type]
        with pytest.raises(EngineError) as caught:
            load_cuda()
    for text in ("pycuda: ", "cuda-python: ", advice_for(sys.version_info[:2])):
        assert text in str(caught.value)


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ((3, 6), ("Compile it: ", " --no-use-pep517 pycuda==2022.1")),
        ((3, 8), ("Compile it: ", " --no-build-isolation pycuda==2024.1")),
        ((3, 10), ("JetPack 6", "'cuda-bindings==12.9.*'", "JetPack 7", "'cuda-bindings==13.*'")),
    ],
)
def test_the_advice_is_for_the_python_that_runs(
    python: Tuple[int, int], expected: Tuple[str, ...]
) -> None:
    assert [text for text in expected if text not in advice_for(python)] == []


# Which GPU.


@pytest.mark.parametrize("library", CUDA_PACKAGES)
@pytest.mark.parametrize(
    ("devices", "visible", "index", "expected"),
    [
        (1, None, 1, "there is no GPU 1, there is 1, counted from 0$"),
        (3, None, 3, "there is no GPU 3, there are 3, counted from 0$"),
        (3, "2,0", 2, r"there is no GPU 2, there are 2, counted from 0 \(CUDA_VISIBLE_DEVICES=2,0"),
        (3, "1", -1, r"there is no GPU -1, there is 1, .*\(CUDA_VISIBLE_DEVICES=1\)$"),
        (
            1,
            "",
            0,
            r"no NVIDIA GPU here \(cuInit .*no CUDA-capable.*\) \(CUDA_VISIBLE_DEVICES=\)\. See",
        ),
        (
            0,
            None,
            0,
            r"there is no NVIDIA GPU here \(cuInit failed: no CUDA-capable device .*\)\. See",
        ),
    ],
)
def test_a_gpu_that_is_not_there_is_an_error_that_counts_those_that_are(
    library: str,
    devices: int,
    visible: str,
    index: int,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with install(VERSION, library, devices=devices):
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        with pytest.raises(EngineError, match=expected):
            open_cuda(index)


def test_a_driver_that_is_missing_or_lacks_a_function_is_an_error_of_cuda_python_too() -> None:
    """It looks for them when they are called, raises, and returns no error code then."""

    def refuse(*arguments: object) -> Tuple[int]:
        raise RuntimeError("Failed to dlopen libcuda.so.1")

    with install(VERSION, "cuda-python"):
        driver: Any = sys.modules["cuda.bindings.driver"]
        with GpuContext() as gpu:
            driver.cuMemAlloc = refuse
            with pytest.raises(gpu.cuda.error, match=r"cuMemAlloc failed with cuda-bindings 12\.9"):
                gpu.cuda.allocate(64)
        driver.cuInit = refuse
        with pytest.raises(EngineError, match="Failed to dlopen libcuda"):
            open_cuda()


@pytest.mark.parametrize("library", CUDA_PACKAGES)
@pytest.mark.parametrize(
    ("visible", "index", "capability"),
    [(None, 0, (8, 7)), (None, 1, (7, 5)), ("1", 0, (7, 5)), ("1,0", 1, (8, 7))],
)
def test_a_gpu_is_counted_among_the_visible_ones(
    library: str,
    visible: str,
    index: int,
    capability: Tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with install(VERSION, library, devices=2, other_capability=(7, 5)) as double:
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert this_machine(index).capability == capability
        with GpuContext(index):
            assert double.machine.capability == capability


@pytest.mark.parametrize(
    ("capability", "integrated", "expected"),
    [
        ((5, 3), True, False),  # Nano
        ((6, 2), True, False),  # TX2
        ((7, 2), True, True),  # Xavier
        ((8, 7), True, True),  # Orin
        ((11, 0), True, True),  # Thor
        ((8, 9), False, False),  # a card
        ((5, 3), False, False),
    ],
)
def test_zero_copy_suits_gpus_that_share_memory_which_the_processor_caches(
    capability: Tuple[int, int], integrated: bool, expected: bool
) -> None:
    assert GpuProperties("", capability, integrated).suits_zero_copy == expected
