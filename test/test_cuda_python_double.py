"""The double of cuda-python: it returns errors as the real one does, and lets no mistake pass."""

import ctypes
from contextlib import contextmanager
from typing import Any, Iterator, List, Tuple

import numpy as np
import pytest

from test.tensorrt_double import Double, DoubleError, install

VERSION = "10.3.0"
SIZE = 64


@pytest.fixture
def double() -> Iterator[Double]:
    with install(VERSION, "cuda-python") as installed:
        yield installed


@contextmanager
def context_of(double: Double) -> Iterator[Any]:
    """A current context of the first device."""
    driver = double.bindings
    device = value(driver.cuDeviceGet(*done(driver.cuInit(0)), 0))
    context = value(driver.cuDevicePrimaryCtxRetain(device))
    done(driver.cuCtxPushCurrent(context))
    try:
        yield context
    finally:
        value(driver.cuCtxPopCurrent())
        done(driver.cuDevicePrimaryCtxRelease(device))


@pytest.fixture
def driver(double: Double) -> Iterator[Any]:
    """The module, with a current context."""
    with context_of(double):
        yield double.bindings


def done(returned: Tuple[Any, ...]) -> Tuple[Any, ...]:
    """The values behind the result of a call that worked."""
    assert returned[0].name == "CUDA_SUCCESS"
    return returned[1:]


def value(returned: Tuple[Any, ...]) -> Any:
    (found,) = done(returned)
    return found


def failed(returned: Tuple[Any, ...], name: str) -> bool:
    """Whether a call returned this error, and nothing else."""
    code, *values = returned
    return bool(code.name == name and set(values) <= {None})


class Buffers:
    """Page-locked memory, memory of the device and a stream."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.host = value(driver.cuMemHostAlloc(SIZE, 0))
        self.array = in_memory(self.host)
        self.device = value(driver.cuMemAlloc(SIZE))
        self.stream = value(driver.cuStreamCreate(0))

    def upload(self) -> Any:
        return self.driver.cuMemcpyHtoDAsync(self.device, self.host, SIZE, self.stream)

    def download(self) -> Any:
        return self.driver.cuMemcpyDtoHAsync(self.host, self.device, SIZE, self.stream)

    def free(self) -> None:
        done(self.driver.cuStreamDestroy(self.stream))
        done(self.driver.cuMemFree(self.device))
        done(self.driver.cuMemFreeHost(self.host))


def in_memory(address: int) -> np.ndarray:
    return np.frombuffer((ctypes.c_uint8 * SIZE).from_address(address), np.uint8)


@pytest.fixture
def buffers(driver: Any) -> Iterator[Buffers]:
    made = Buffers(driver)
    made.array[:] = range(SIZE)
    yield made


def test_what_goes_there_comes_back_once_it_is_waited_for(
    double: Double, driver: Any, buffers: Buffers
) -> None:
    done(buffers.upload())
    done(driver.cuStreamSynchronize(buffers.stream))
    done(buffers.download())
    assert (buffers.array == 0xAB).all()  # not there yet
    done(driver.cuStreamSynchronize(buffers.stream))
    np.testing.assert_array_equal(buffers.array, range(SIZE))
    buffers.free()
    assert set(double.live()) == {"contexts"}


def test_errors_are_returned(double: Double) -> None:
    driver = double.bindings
    assert failed(driver.cuDeviceGetCount(), "CUDA_ERROR_NOT_INITIALIZED")
    done(driver.cuInit(0))
    assert failed(driver.cuDeviceGet(1), "CUDA_ERROR_INVALID_DEVICE")
    assert failed(driver.cuMemAlloc(SIZE), "CUDA_ERROR_INVALID_CONTEXT")
    assert failed(driver.cuCtxPopCurrent(), "CUDA_ERROR_INVALID_CONTEXT")
    assert driver.cuMemGetInfo() == (driver.CUresult.CUDA_ERROR_INVALID_CONTEXT, None, None)
    with context_of(double):
        assert failed(driver.cuMemAlloc(1 << 40), "CUDA_ERROR_OUT_OF_MEMORY")
        assert failed(driver.cuMemAlloc(0), "CUDA_ERROR_INVALID_VALUE")
    texts = [value(driver.cuGetErrorString(code)) for code in driver.CUresult]
    assert b"out of memory" in texts


def test_a_machine_without_a_device() -> None:
    with install(VERSION, "cuda-python", devices=0) as double:
        assert failed(double.bindings.cuInit(0), "CUDA_ERROR_NO_DEVICE")


def test_arguments_have_the_types_of_the_real_ones(driver: Any, buffers: Buffers) -> None:
    with pytest.raises(TypeError, match="an integer is required"):
        driver.cuMemAlloc("64")
    with pytest.raises(OverflowError):
        driver.cuMemAlloc(-1)
    with pytest.raises(TypeError, match="an integer is required"):
        driver.cuStreamSynchronize(buffers)
    with pytest.raises(TypeError, match="is not instance of type"):
        driver.cuDeviceGetAttribute(18, 0)
    # Numbers and numpy's are as good as handles and addresses.
    done(driver.cuStreamSynchronize(int(buffers.stream)))
    done(driver.cuMemcpyHtoD(np.int64(int(buffers.device)), np.zeros(SIZE, np.uint8), SIZE))
    buffers.free()


def test_a_name_is_followed_by_whatever_was_behind_it(double: Double, driver: Any) -> None:
    name = value(driver.cuDeviceGetName(16, driver.CUdevice(0)))
    assert len(name) == 16 and name.startswith(b"Double\0 ")


def test_native_handles_are_those_of_handles(double: Double, driver: Any) -> None:
    from cuda.bindings import utils

    stream = value(driver.cuStreamCreate(0))
    assert utils.get_cuda_native_handle(stream) == int(stream) > 1 << 32
    with pytest.raises(TypeError, match="Unknown type"):
        utils.get_cuda_native_handle(driver.CUdeviceptr(1))
    done(driver.cuStreamDestroy(stream))


def test_nothing_is_freed_with_the_last_reference(double: Double, driver: Any) -> None:
    for call in (driver.cuMemAlloc, lambda size: driver.cuMemHostAlloc(size, 0)):
        done(call(SIZE))
    for create in (driver.cuStreamCreate, driver.cuEventCreate):
        done(create(0))
    kept = {"device_allocations": 1, "pinned_allocations": 1, "streams": 1, "events": 1}
    assert double.live() == {"contexts": 1, **kept}


def test_what_was_freed_is_found(double: Double, driver: Any, buffers: Buffers) -> None:
    event = value(driver.cuEventCreate(0))
    done(driver.cuEventDestroy(event))
    buffers.free()
    for call in (
        lambda: driver.cuMemFree(buffers.device),
        lambda: driver.cuMemFreeHost(buffers.host),
        lambda: driver.cuMemHostGetDevicePointer(buffers.host, 0),
        lambda: driver.cuStreamSynchronize(buffers.stream),
        lambda: driver.cuStreamDestroy(buffers.stream),
        lambda: driver.cuEventRecord(event, None),
        lambda: driver.cuEventSynchronize(event),
    ):
        with double.refuses("which was freed, or never made"):
            call()
    with double.refuses("page-locked memory of 64 bytes, which was freed"):
        driver.cuMemcpyHtoDAsync(value(driver.cuMemAlloc(SIZE)), buffers.host, SIZE, None)


def test_wrong_addresses_and_sizes_are_found(double: Double, driver: Any, buffers: Buffers) -> None:
    with double.refuses("which no allocation has"):
        driver.cuMemcpyHtoDAsync(4096, buffers.host, SIZE, buffers.stream)
    with double.refuses("does not fit"):
        driver.cuMemcpyHtoDAsync(buffers.device, buffers.host, SIZE // 2, buffers.stream)
    pageable = np.zeros(SIZE, np.uint8)
    with double.refuses("pageable"):
        driver.cuMemcpyHtoDAsync(buffers.device, pageable.ctypes.data, SIZE, buffers.stream)
    with double.refuses("pageable"):
        driver.cuMemcpyHtoDAsync(buffers.device, pageable, SIZE, buffers.stream)
    assert failed(driver.cuMemHostGetDevicePointer(buffers.host, 0), "CUDA_ERROR_INVALID_VALUE")
    buffers.free()


def test_an_input_changed_too_early_is_found(double: Double, driver: Any, buffers: Buffers) -> None:
    done(buffers.upload())
    buffers.array[0] ^= 1
    with double.refuses("was changed while a copy"):
        driver.cuStreamSynchronize(buffers.stream)
    buffers.free()


def test_events_tell_the_time_where_they_were_made_for_it(driver: Any, buffers: Buffers) -> None:
    first, last = (value(driver.cuEventCreate(0)) for _ in range(2))
    done(driver.cuEventRecord(first, buffers.stream))
    done(driver.cuEventRecord(last, buffers.stream))
    assert failed(driver.cuEventElapsedTime(first, last), "CUDA_ERROR_NOT_READY")
    done(driver.cuEventSynchronize(last))
    assert value(driver.cuEventElapsedTime(first, last)) >= 0
    quick = value(driver.cuEventCreate(driver.CUevent_flags.CU_EVENT_DISABLE_TIMING))
    done(driver.cuEventRecord(quick, buffers.stream))
    assert failed(driver.cuEventElapsedTime(first, quick), "CUDA_ERROR_INVALID_HANDLE")


def test_contexts_are_counted(double: Double, driver: Any) -> None:
    device = value(driver.cuDeviceGet(0))
    again = value(driver.cuDevicePrimaryCtxRetain(device))
    assert double.live() == {"contexts": 2}
    done(driver.cuDevicePrimaryCtxRelease(device))
    done(driver.cuCtxSynchronize())  # it is still there for whoever has retained it before
    done(driver.cuCtxPushCurrent(again))
    assert value(driver.cuCtxPopCurrent()) == again
    with double.refuses("which is no context"):
        driver.cuCtxPushCurrent(12345)


def test_what_lived_in_a_context_is_gone_with_it(double: Double) -> None:
    driver = double.bindings
    with context_of(double):
        stream = value(driver.cuStreamCreate(0))
    with context_of(double):
        with double.refuses("whose context was released"):
            driver.cuStreamDestroy(stream)
    with double.refuses("was released too often"):
        driver.cuDevicePrimaryCtxRelease(0)


def test_a_context_that_is_released_while_it_is_current_is_found() -> None:
    with pytest.raises(DoubleError, match="while it is current"):
        with install(VERSION, "cuda-python") as double:
            driver = double.bindings
            done(driver.cuInit(0))
            done(driver.cuCtxPushCurrent(value(driver.cuDevicePrimaryCtxRetain(0))))
            done(driver.cuDevicePrimaryCtxRelease(0))


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("illegal address", "CUDA_ERROR_ILLEGAL_ADDRESS"),
        ("launch failed", "CUDA_ERROR_LAUNCH_FAILED"),
        ("device lost", "CUDA_ERROR_UNKNOWN"),
    ],
)
def test_a_broken_device_stays_broken(
    double: Double, driver: Any, buffers: Buffers, fault: str, name: str
) -> None:
    double.faults.at_synchronize = fault
    done(buffers.upload())
    assert failed(driver.cuStreamSynchronize(buffers.stream), name)
    double.faults.at_synchronize = None
    calls: List[Any] = [driver.cuCtxSynchronize, buffers.upload, lambda: driver.cuMemAlloc(SIZE)]
    assert all(failed(call(), name) for call in calls)
