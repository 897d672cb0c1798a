"""What differs between the versions of TensorRT's Python API, from 8.0 to 11.4.

Each choice is made by what the API has, never by a version number. ``trt`` is the module. What the
doctor needs too is in ``build_api.py`` of the TensorRT engine.
"""

from types import ModuleType
from typing import Any

from converter.errors import BuildError
from trt_inference.bundles.precisions import PRECISION_TABLE
from trt_inference.engines.tensorrt.build_api import STRONG, WEAK, always_typed


def supports_uint8(trt: ModuleType) -> bool:
    """Whether inputs may be uint8: from 8.5 on."""
    return hasattr(trt.DataType, "UINT8")


def gathers_open_shapes(trt: ModuleType) -> bool:
    """Whether GatherElements is a layer, which takes shapes that are not known yet: from 8.2 on."""
    return hasattr(trt.INetworkDefinition, "add_gather_v2")


def typing_mode(trt: ModuleType, precision: str, dla: bool) -> str:
    """Return ``strong`` or ``weak``. Models with QuantizeLinear are typed weakly, so that what
    they do not quantise can run in float16; and the DLA takes no typed ones."""
    if always_typed(trt):
        return STRONG
    can_be = hasattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED")
    quantized = PRECISION_TABLE[precision].quantized
    return STRONG if can_be and not quantized and not dla else WEAK


def use_native_layers(trt: ModuleType, parser: Any) -> bool:
    """Let the parser make layers, and no plugins, of InstanceNormalization. It does so by itself
    from 10 on.

    Returns:
        False where this version makes plugins only.
    """
    if not hasattr(trt, "OnnxParserFlag"):  # as in 8.6.0, whose Python lacks it
        return False
    parser.set_flag(trt.OnnxParserFlag.NATIVE_INSTANCENORM)
    return True


def take_plugins_along(config: Any, parser: Any) -> None:
    """Put the libraries of the plugins that a model needs, as for RoiAlign, into a plan for other
    versions."""
    libraries = list(parser.get_used_vc_plugin_libraries())
    if libraries:
        config.plugins_to_serialize = libraries


def allow(trt: ModuleType, config: Any, *names: str) -> None:
    """Set the builder's flags of these names, as far as this version has them."""
    for name in names:
        if hasattr(trt.BuilderFlag, name):
            config.set_flag(getattr(trt.BuilderFlag, name))


def obey_types(trt: ModuleType, config: Any) -> None:
    """Let TensorRT keep the types that layers are held to."""
    obey = hasattr(trt.BuilderFlag, "OBEY_PRECISION_CONSTRAINTS")
    allow(trt, config, "OBEY_PRECISION_CONSTRAINTS" if obey else "STRICT_TYPES")


def keep_layer_details(trt: ModuleType, config: Any) -> None:
    """Keep what the inspector needs to report the types of layers, from 8.2 on."""
    if hasattr(trt.ProfilingVerbosity, "DETAILED"):
        config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED


def set_optimization_level(trt: ModuleType, config: Any, level: int) -> None:
    """Set how long TensorRT searches, 0 to 5.

    Raises:
        BuildError: this version has no such levels.
    """
    _require(trt, hasattr(config, "builder_optimization_level"), "--optimization-level", "8.6")
    config.builder_optimization_level = level


def make_version_compatible(trt: ModuleType, config: Any) -> None:
    """Let newer versions with the same major number run the engine.

    Raises:
        BuildError: this version cannot do that.
    """
    can = hasattr(trt.BuilderFlag, "VERSION_COMPATIBLE")
    _require(trt, can, "--version-compatible", "8.6")
    config.set_flag(trt.BuilderFlag.VERSION_COMPATIBLE)


def make_hardware_compatible(trt: ModuleType, config: Any) -> None:
    """Let all GPUs from Ampere on run the engine.

    Raises:
        BuildError: this version cannot do that.
    """
    can = hasattr(config, "hardware_compatibility_level")
    _require(trt, can, "--hardware-compatible", "8.6")
    config.hardware_compatibility_level = trt.HardwareCompatibilityLevel.AMPERE_PLUS


def has_progress(trt: ModuleType) -> bool:
    """Whether a build reports its progress, and can be cancelled: from 10 on."""
    return hasattr(trt, "IProgressMonitor") and hasattr(trt.IBuilderConfig, "progress_monitor")


def context_bytes(engine: Any) -> int:
    """Return the bytes that an execution context takes on the GPU."""
    if hasattr(engine, "device_memory_size_v2"):  # from 10 on; from 11 on there is no other
        return int(engine.device_memory_size_v2)
    return int(engine.device_memory_size)


def has_inspector(trt: ModuleType) -> bool:
    """Whether an engine describes its layers: from 8.2 on."""
    return hasattr(trt.ICudaEngine, "create_engine_inspector")


def _require(trt: ModuleType, there: bool, option: str, since: str) -> None:
    if not there:
        raise BuildError(
            f"{option} needs TensorRT {since} or newer, this is {trt.__version__}: leave it out"
        )
