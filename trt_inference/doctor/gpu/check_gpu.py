"""GPU, driver, CUDA for Python and TensorRT: each needs the one before it."""

from typing import Iterator

from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.gpu.check_cuda_library import check_cuda_library
from trt_inference.doctor.gpu.check_driver import check_driver
from trt_inference.doctor.gpu.check_tensorrt import check_tensorrt
from trt_inference.doctor.gpu.check_tiny_engine import check_tiny_engine
from trt_inference.doctor.host import Host


def check_gpu(host: Host) -> Iterator[Diagnosis]:
    """Look at all of it, up to what cannot work without what is missing."""
    driver = yield from check_driver(host)
    if driver is None:
        return
    gpu = yield from check_cuda_library(host, driver)
    tensorrt = yield from check_tensorrt(host, driver)
    if gpu is not None and tensorrt is not None:
        yield from check_tiny_engine(host, tensorrt, gpu)
