"""Puts the double in the place of ``tensorrt`` and a library for CUDA, and takes it away again."""

import contextlib
import ctypes
import functools
import gc
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from test.tensorrt_double import (
    builder,
    config,
    engine,
    execution,
    foundations,
    inspector,
    network,
    parser,
    plugins,
    runtime,
)
from test.tensorrt_double.bindings import make_bindings
from test.tensorrt_double.driver import PYCUDA_VERSION, make_driver
from test.tensorrt_double.errors import DoubleError
from test.tensorrt_double.graph import LibCuda
from test.tensorrt_double.machine import Counters, Faults, Machine
from test.tensorrt_double.surface import (
    FURTHER_VERSIONS,
    VERSIONS,
    classes_of,
    enumeration,
    versioned,
)

INSTALLABLE = {**VERSIONS, **FURTHER_VERSIONS}

# Bases come before what is derived from them.
TEMPLATES: Tuple[Any, ...] = (
    foundations.ILogger,
    foundations.Logger,
    foundations.Dims,
    foundations.Dims2,
    foundations.Dims3,
    foundations.Dims4,
    foundations.IHostMemory,
    foundations.IProfiler,
    foundations.Profiler,
    foundations.IProgressMonitor,
    network.ITensor,
    network.ILayer,
    network.INetworkDefinition,
    parser.ParserError,
    parser.OnnxParser,
    config.IOptimizationProfile,
    config.ITimingCache,
    config.IBuilderConfig,
    builder.Builder,
    runtime.Runtime,
    engine.ICudaEngine,
    inspector.EngineInspector,
    execution.IExecutionContext,
)

# The names that the module gives to types, and the types.
ALIASES = {
    "float32": "FLOAT",
    "float16": "HALF",
    "bfloat16": "BF16",
    "int8": "INT8",
    "int32": "INT32",
    "int64": "INT64",
    "bool": "BOOL",
    "uint8": "UINT8",
    "fp8": "FP8",
    "int4": "INT4",
    "fp4": "FP4",
}
ITEM_SIZES = {
    "FLOAT": 4,
    "HALF": 2,
    "BF16": 2,
    "INT8": 1,
    "INT32": 4,
    "INT64": 8,
    "BOOL": 1,
    "UINT8": 1,
    "FP8": 1,
    "INT4": 0.5,
    "FP4": 0.5,
}


class Api:
    """One installed version: its classes by name, and its machine."""

    def __init__(self, version: str, machine: Machine) -> None:
        self.version, self.machine = version, machine
        self.numbers = tuple(int(part) for part in version.split("."))
        self.major = self.numbers[0]
        self.classes: Dict[str, Any] = {}
        own: Dict[Any, Any] = {}
        for name, entry in classes_of(version).items():
            if "values" in entry:
                self.classes[name] = enumeration(name, entry["values"])
        for template in TEMPLATES:
            bases = tuple(own.get(base, base) for base in template.__bases__)
            own[template] = versioned(template, self, bases)
            if template.__name__ in classes_of(version):
                self.classes[template.__name__] = own[template]
        self.classes["DataType"].itemsize = property(lambda value: ITEM_SIZES.get(value.name))

    def __getattr__(self, name: str) -> Any:
        try:
            return self.classes[name]
        except KeyError as error:
            raise AttributeError(f"TensorRT {self.version} has no {name}") from error

    def at_least(self, major: int, minor: int = 0) -> bool:
        """Whether it is that version or a later one."""
        return self.numbers >= (major, minor)

    def dtype(self, name: str) -> Any:
        """The type, or what this version takes in its place."""
        return getattr(self.DataType, name, self.DataType.INT32 if name == "INT64" else None)


class Double:
    """What a test holds: the machine's state, faults and counters, and the fake modules."""

    def __init__(self, api: Api, modules: Dict[str, ModuleType]) -> None:
        self._api = api
        self.machine = api.machine
        self.tensorrt: Any = modules["tensorrt"]
        # Of the two that which is installed, and None.
        self.driver: Any = modules.get("pycuda.driver")
        self.bindings: Any = modules.get("cuda.bindings.driver")
        self.libcuda: Optional[LibCuda] = LibCuda(api.machine)  # None: there is no such file

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self.machine.faults

    @property
    def counters(self) -> Counters:
        """What happened how often."""
        return self.machine.counters

    @property
    def log(self) -> List[Tuple[str, str]]:
        """All that TensorRT logged: the severity's name, and the message."""
        return self.machine.log

    def live(self) -> Dict[str, int]:
        """What was made and not freed, by kind; empty when all is gone."""
        gc.collect()
        living = dict(self.machine.living)
        living["graphs"] = self.libcuda.live if self.libcuda is not None else 0
        return {kind: count for kind, count in living.items() if count}

    @contextlib.contextmanager
    def refuses(self, match: str = "") -> Iterator[None]:
        """Inside of this, the double must fail loudly with a text that ``match`` is found in."""
        before = len(self.machine.failures)
        with contextlib.suppress(DoubleError):
            yield
        gc.collect()
        failures = self.machine.failures[before:]
        del self.machine.failures[before:]
        if not any(match in failure for failure in failures):
            raise AssertionError(f"no failure with '{match}', but: {failures}")

    def finish(self) -> None:
        """The end of the process.

        Raises:
            DoubleError: something was wrong on the way, or a thread kept a context.
        """
        gc.collect()
        for thread, stack in self.machine.stacks.items():
            if any(context.valid for context in stack):
                self.machine.note(
                    f"thread {thread.name} ends with a context on its stack, which aborts the "
                    "process: pop() in a finally"
                )
        failures = list(self.machine.failures)
        self.machine.closed = True
        if failures:
            raise DoubleError("\n".join(failures))


def make_tensorrt(api: Api) -> ModuleType:
    """The module ``tensorrt`` of one version."""
    module: Any = ModuleType("tensorrt")
    for name, value in api.classes.items():
        setattr(module, name, value)
    for name, dtype in ALIASES.items():
        if hasattr(api.DataType, dtype):
            setattr(module, name, getattr(api.DataType, dtype))
    module.__version__ = INSTALLABLE[api.version][0]
    module.__spec__ = ModuleSpec("tensorrt", None)  # it is looked up, as real ones are
    module.init_libnvinfer_plugins = functools.partial(plugins.register, api)
    module.volume = _volume
    module.nptype = lambda dtype: _nptype(api, dtype)
    return module


def _volume(iterable: Any) -> int:
    product = 1
    for size in iterable:
        product *= size
    return product


def _nptype(api: Api, dtype: Any) -> Any:
    import numpy as np

    if not api.at_least(8, 6):
        raise AttributeError("module 'numpy' has no attribute 'bool'.")
    names = {"FLOAT": "float32", "HALF": "float16", "BOOL": "bool_"}
    if dtype.name in (*names, "INT8", "INT32", "INT64", "UINT8"):
        return getattr(np, names.get(dtype.name, dtype.name.lower()))
    raise TypeError("Could not resolve TensorRT datatype to an equivalent numpy datatype.")


def make_pycuda(machine: Machine) -> Dict[str, ModuleType]:
    """The modules of pycuda by name, on ``machine``."""
    pycuda: Any = ModuleType("pycuda")
    pycuda.__path__ = []
    pycuda.__spec__ = ModuleSpec("pycuda", None, is_package=True)
    pycuda.VERSION = PYCUDA_VERSION
    pycuda.VERSION_TEXT = ".".join(str(number) for number in PYCUDA_VERSION)
    pycuda.driver = make_driver(machine)
    return {"pycuda": pycuda, "pycuda.driver": pycuda.driver}


# The libraries for CUDA: what makes their modules, and their packages.
CUDA_MODULES = {"pycuda": make_pycuda, "cuda-python": make_bindings}
CUDA_PACKAGES = {"pycuda": "pycuda", "cuda-python": "cuda"}


def _is_for_cuda(module: str) -> bool:
    return module.partition(".")[0] in CUDA_PACKAGES.values()


@contextlib.contextmanager
def install(version: str, cuda: str = "pycuda", **machine: Any) -> Iterator[Double]:
    """Have ``tensorrt`` of ``version`` (a key of ``INSTALLABLE``), a library for CUDA and libcuda.
    All devices are visible at first.

    Args:
        cuda: ``pycuda`` or ``cuda-python``; there is no other one.
        machine: fields of ``Machine`` that differ, as ``compute_capability=(5, 3)``.

    Raises:
        DoubleError: at the end, if something was wrong and no exception is on its way already.
    """
    full, of_driver = INSTALLABLE[version]
    api = Api(version, Machine(**{"version": full, "cuda_version": of_driver, **machine}))
    modules = {"tensorrt": make_tensorrt(api), **CUDA_MODULES[cuda](api.machine)}
    double = Double(api, modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        for name in {*CUDA_PACKAGES.values(), *filter(_is_for_cuda, sys.modules)}:
            patch.setitem(sys.modules, name, None)  # type: ignore[arg-type]
        for name, module in modules.items():
            patch.setitem(sys.modules, name, module)
        patch.setattr(ctypes, "CDLL", _loader(double))
        try:
            yield double
        except BaseException:
            with contextlib.suppress(DoubleError):
                double.finish()
            raise
        finally:
            _forget_importers(modules)
        double.finish()


def _forget_importers(modules: Dict[str, ModuleType]) -> None:
    """Modules that imported the fakes must import anew what comes next."""
    fakes = list(modules.values())
    for name, module in list(sys.modules.items()):
        values = list(getattr(module, "__dict__", {}).values()) if name not in modules else []
        if any(value is fake for value in values for fake in fakes):
            del sys.modules[name]


def _loader(double: Double) -> Any:
    """``ctypes.CDLL``, which finds the double's libcuda and no other."""
    real = ctypes.CDLL

    def load(name: Any, *arguments: Any, **named: Any) -> Any:
        if name is None or "libcuda." not in str(name):
            return real(name, *arguments, **named)
        if double.libcuda is None:
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")
        return double.libcuda

    return load
