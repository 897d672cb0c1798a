"""The configuration of a model on Triton, ``config.pbtxt``, by Triton's own protobuf.

Its fields: https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto

Requests that come while others run make the next batch: they need not wait for each other longer
than that, which a robot alone would pay for at each image. The queue has no timeouts and no limit:
with either, Triton hands a request to an instance only if that waits at the moment, and otherwise
looks again after half a second (dynamic_batch_scheduler.cc; seen with 2.51), and may lose count of
the instances (triton-inference-server/server#8870). It needs none: a robot gives up at its own
deadline, and asks no more after three times.
"""

from typing import Any, Iterable, List, Mapping, Tuple

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from converter.errors import ModelRepositoryError
from converter.model_repository.platforms import CPU_KIND, GPU, PYTHON, Platform
from trt_inference.bundles.bundle import Bundle

# So many versions are served: the newest, and the one before for robots that still have its bundle.
SERVED_VERSIONS = 2

_HEADER = """\
# Written by trt-inference export-triton, which puts new versions beside those that are here. It
# keeps what you change, but for comments, max_batch_size, model_warmup, and the parameters of
# versions. Timeouts or a limit of the queue are better not set: with them, Triton 2.51 lets some
# requests wait for half a second. Robots that get no answers in time ask no more.
"""
_KINDS: Mapping[str, int] = {
    GPU: model_config_pb2.ModelInstanceGroup.KIND_GPU,
    CPU_KIND: model_config_pb2.ModelInstanceGroup.KIND_CPU,
}
_REJECT = model_config_pb2.ModelQueuePolicy.REJECT
_POLICY = "  default_queue_policy {\n"
_TYPES: Mapping[str, int] = {
    "uint8": model_config_pb2.TYPE_UINT8,
    "int32": model_config_pb2.TYPE_INT32,
    "float32": model_config_pb2.TYPE_FP32,
}


def new_config(
    name: str, bundle: Bundle, platform: Platform, takes_one_image: bool, runs_on: str
) -> Any:
    """A configuration without versions and without a batch.

    Args:
        name: of the model.
        takes_one_image: its tensors then have their batch, of 1, in their shape.
        runs_on: one of ``platform.runs_on``.
    """
    config = model_config_pb2.ModelConfig(
        name=name, backend=platform.backend, platform=platform.platform
    )
    first = [1] if takes_one_image else []
    spec = bundle.input
    image_dims = [*first, spec.height, spec.width, 3]
    config.input.add(name=spec.name, data_type=_TYPES[spec.dtype], dims=image_dims)
    for output in bundle.outputs:
        dims = [*first, *output.shape[1:]]
        config.output.add(name=output.name, data_type=_TYPES[output.dtype], dims=dims)
    config.version_policy.latest.num_versions = SERVED_VERSIONS
    config.instance_group.add(kind=_KINDS[runs_on], count=1)
    policy = config.dynamic_batching.default_queue_policy
    policy.timeout_action = _REJECT
    policy.SetInParent()
    if platform == PYTHON:
        set_parameters(config, {"threads": "0"})
    return config


def set_batch(config: Any, batch: int) -> None:
    """Let a model run on so many images at once, and run so before it is served.

    Args:
        batch: 0 where the tensors have their batch in their shape.
    """
    config.max_batch_size = batch
    del config.model_warmup[:]
    for size in sorted({1, max(batch, 1)}):
        sample = config.model_warmup.add(name=f"batch_{size}", batch_size=size)
        for tensor in config.input:
            image = sample.inputs[tensor.name]
            image.data_type, image.zero_data = tensor.data_type, True
            image.dims.extend(tensor.dims)


def set_parameters(config: Any, parameters: Mapping[str, str]) -> None:
    """Add parameters, or give them other values."""
    for name, value in parameters.items():
        config.parameters[name].string_value = value


def remove_parameters(config: Any, names: Iterable[str]) -> None:
    """Remove those of these parameters that are there."""
    for name in names:
        config.parameters.pop(name, None)


def parameters(config: Any) -> Mapping[str, str]:
    """The parameters by name."""
    return {name: one.string_value for name, one in config.parameters.items()}


def signature(config: Any) -> List[Tuple[str, int, Tuple[int, ...]]]:
    """Name, type and shape of each input, and of each output after them."""
    tensors = (*config.input, *config.output)
    return [(one.name, one.data_type, tuple(one.dims)) for one in tensors]


def serves_new_versions(config: Any) -> bool:
    """Whether the server takes a version because it is the newest."""
    return bool(config.version_policy.WhichOneof("policy_choice") != "specific")


def config_text(config: Any) -> str:
    """A configuration as it is written, from which Triton reads the same.

    Raises:
        ModelRepositoryError: it would read another one, or none.
    """
    text = _HEADER + text_format.MessageToString(config)
    if config.dynamic_batching.default_queue_policy.timeout_action == _REJECT:
        # It is the default, which protobuf does not write, and people look for.
        text = text.replace(_POLICY, f"{_POLICY}    timeout_action: REJECT\n", 1)
    if parse_config(text) != config:
        raise ModelRepositoryError(
            "Triton would read another configuration than the one that was meant: install "
            "another version of tritonclient or of protobuf"
        )
    return text


def parse_config(text: str) -> Any:
    """The configuration in a text, as Triton reads it.

    Raises:
        ModelRepositoryError: it is none.
    """
    config = model_config_pb2.ModelConfig()
    try:
        text_format.Parse(text, config)
    except (text_format.ParseError, UnicodeError) as error:
        raise ModelRepositoryError(f"no configuration of Triton ({error})") from error
    return config
