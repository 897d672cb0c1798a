"""What TensorRT is told about a build: types, shapes, memory, device."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from converter.engine_builder import tensorrt_api
from converter.engine_builder.build_options import BuildOptions, EngineRequest
from converter.engine_builder.hold_precision import hold_around_quantised, hold_typed_layers
from converter.errors import BuildError
from trt_inference.bundles.bundle import Bundle

INT8 = "int8"
FP16 = "fp16"
FP32 = "fp32"


def configure(trt: ModuleType, builder: Any, network: Any, request: EngineRequest) -> Any:
    """The configuration for a parsed network.

    Raises:
        BuildError: this TensorRT or this machine has not what the options ask for.
    """
    options, precision = request.options, request.precision
    config = builder.create_builder_config()
    tensorrt_api.set_workspace(trt, config, request.workspace)
    tensorrt_api.keep_layer_details(trt, config)
    tensorrt_api.forbid_tf32(trt, config)
    _set_types(
        trt, network, config, precision, tensorrt_api.typing_mode(trt, precision, options.dla)
    )
    _set_shapes(builder, config, request.bundle, options.batch)
    _set_wishes(trt, config, options)
    if options.dla:
        _use_dla(trt, builder, config, precision)
    return config


def _set_types(trt: ModuleType, network: Any, config: Any, precision: str, typing: str) -> None:
    """Where the model does not say it alone, let narrow types in, and hold the others."""
    if typing == tensorrt_api.STRONG or precision == FP32:
        return
    tensorrt_api.allow(trt, config, "FP16", *(["INT8"] if precision == INT8 else []))
    tensorrt_api.obey_types(trt, config)
    if precision == INT8:
        hold_around_quantised(trt, network)
    else:
        hold_typed_layers(trt, network)


def _set_shapes(builder: Any, config: Any, bundle: Bundle, batch: int) -> None:
    """One profile for one size: the engine is as fast as for a fixed batch."""
    spec = bundle.input
    shape = (batch, spec.height, spec.width, 3)
    profile = builder.create_optimization_profile()
    profile.set_shape(spec.name, shape, shape, shape)
    if config.add_optimization_profile(profile) < 0:
        raise BuildError(
            f"TensorRT does not take {spec.name} {list(shape)}: choose another --batch"
        )


def _set_wishes(trt: ModuleType, config: Any, options: BuildOptions) -> None:
    if options.optimization_level is not None:
        tensorrt_api.set_optimization_level(trt, config, options.optimization_level)
    if options.version_compatible:
        tensorrt_api.make_version_compatible(trt, config)
    if options.hardware_compatible:
        tensorrt_api.make_hardware_compatible(trt, config)


def _use_dla(trt: ModuleType, builder: Any, config: Any, precision: str) -> None:
    if not builder.num_DLA_cores:
        raise BuildError(
            "--dla: this machine has no deep learning accelerator (Xavier and Orin, but not the "
            "Orin Nano, have it): leave --dla out"
        )
    if precision != FP16:
        raise BuildError(
            f"--dla: the accelerator has no {precision} (of int8 it takes no QuantizeLinear): "
            "choose --precision fp16"
        )
    config.default_device_type = trt.DeviceType.DLA
    config.DLA_core = 0
    config.set_flag(trt.BuilderFlag.GPU_FALLBACK)
