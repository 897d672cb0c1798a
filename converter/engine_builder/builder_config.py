"""Configure a build of TensorRT: types, shapes, memory, device."""

from types import ModuleType
from typing import Any

from converter.engine_builder import tensorrt_api
from converter.engine_builder.build_options import BuildOptions, EngineRequest
from converter.engine_builder.hold_precision import (
    has_quantised,
    hold_around_quantised,
    hold_typed_layers,
)
from converter.errors import BuildError
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.machine import Machine
from trt_inference.bundles.precisions import PRECISION_TABLE
from trt_inference.engines.tensorrt import build_api


def configure(trt: ModuleType, builder: Any, network: Any, request: EngineRequest) -> Any:
    """Return the configuration for a parsed network.

    Raises:
        BuildError: this TensorRT or this machine lacks what the options ask for.
    """
    options, precision = request.options, request.precision
    config = builder.create_builder_config()
    build_api.set_workspace(trt, config, request.workspace)
    tensorrt_api.keep_layer_details(trt, config)
    build_api.forbid_tf32(trt, config)
    _set_types(
        trt, network, config, precision, tensorrt_api.typing_mode(trt, precision, options.dla)
    )
    _set_shapes(builder, config, request.bundle, options)
    _set_wishes(trt, config, options)
    if options.dla:
        _use_dla(trt, config)
    return config


def _set_types(trt: ModuleType, network: Any, config: Any, precision: str, typing: str) -> None:
    """Let narrow types in where the model alone does not set them, and hold the others."""
    kind = PRECISION_TABLE[precision]
    if typing == build_api.STRONG or not kind.builder_flags:
        return
    flags = kind.builder_flags
    if not has_quantised(trt, network):  # where every layer stays in float; it would calibrate
        flags = tuple(flag for flag in flags if flag != "INT8")
    tensorrt_api.allow(trt, config, *flags)
    tensorrt_api.obey_types(trt, config)
    if kind.quantized:
        hold_around_quantised(trt, network)
    else:
        hold_typed_layers(trt, network)


def _set_shapes(builder: Any, config: Any, bundle: Bundle, options: BuildOptions) -> None:
    """One profile for one size: the engine is as fast as for a fixed batch. With ``any_batch`` it
    begins at one image, and the engine is fastest for the whole batch."""
    spec = bundle.input
    shape = (options.batch, spec.height, spec.width, 3)
    smallest = (1, *shape[1:]) if options.any_batch else shape
    profile = builder.create_optimization_profile()
    profile.set_shape(spec.name, smallest, shape, shape)
    if config.add_optimization_profile(profile) < 0:
        raise BuildError(
            f"TensorRT does not take {spec.name} {list(shape)}: choose another --batch"
        )


def check_any_batch(trt: ModuleType, options: BuildOptions) -> None:
    """See that the engine can take fewer images than its batch, if that is asked for.

    Raises:
        BuildError: it cannot.
    """
    if not options.any_batch:
        return
    if options.dla:
        raise BuildError(
            "--any-batch: the accelerator runs on one number of images: leave --dla or --any-batch "
            "out"
        )
    if not tensorrt_api.supports_uint8(trt):
        raise BuildError(
            f"--any-batch is for servers, to which robots send uint8: TensorRT {trt.__version__} "
            "has none as an input, 8.5 and later have. Build on the server, or leave it out"
        )


def _set_wishes(trt: ModuleType, config: Any, options: BuildOptions) -> None:
    if options.optimization_level is not None:
        tensorrt_api.set_optimization_level(trt, config, options.optimization_level)
    if options.version_compatible:
        tensorrt_api.make_version_compatible(trt, config)
    if options.hardware_compatible:
        tensorrt_api.make_hardware_compatible(trt, config)


def check_dla(trt: ModuleType, builder: Any, machine: Machine, precision: str) -> None:
    """See that there is an accelerator which runs the precision, before anything takes minutes.

    Raises:
        BuildError: there is none, or it does not run the precision.
    """
    if not builder.num_DLA_cores:
        raise BuildError(
            f"--dla: TensorRT {trt.__version__} finds no deep learning accelerator beside this "
            f"{machine.gpu} ({machine.architecture}). Xavier, AGX Orin and Orin NX have one, which "
            "TensorRT 8 and 10 use; Nano, TX2, Orin Nano, Thor and PCs have none: leave --dla out"
        )
    kind = PRECISION_TABLE[precision]
    if not kind.runs_on_dla:
        why = (
            "takes no QuantizeLinear, of which the int8 of a bundle is made"
            if kind.quantized
            else "computes in float16 and int8 only"
        )
        able = " or ".join(one.name for one in PRECISION_TABLE.values() if one.runs_on_dla)
        raise BuildError(
            f"--dla: the accelerator has no {precision} (it {why}): choose --precision {able}"
        )


def _use_dla(trt: ModuleType, config: Any) -> None:
    config.default_device_type = trt.DeviceType.DLA
    config.DLA_core = 0
    config.set_flag(trt.BuilderFlag.GPU_FALLBACK)
