"""How to build with any version of TensorRT, as the engine builder and the doctor do.

Each choice is made by what the API has, never by a version number. ``trt`` is the module.
"""

from types import ModuleType
from typing import Any

STRONG, WEAK = "strong", "weak"


def always_typed(trt: ModuleType) -> bool:
    """Whether the model alone sets each tensor's type, as it always does from 11 on."""
    return not hasattr(trt.BuilderFlag, "FP16")


def network_flags(trt: ModuleType, typing: str) -> int:
    """Return the bits for ``create_network``. 8 and 9 take no model without ``EXPLICIT_BATCH``, 10
    ignores it, and 11 does not have it; 9 and 10 have ``STRONGLY_TYPED``, and 11 ignores it."""
    flags = trt.NetworkDefinitionCreationFlag
    wanted = ["EXPLICIT_BATCH"]
    if typing == STRONG and not always_typed(trt):
        wanted.append("STRONGLY_TYPED")
    return sum(1 << int(getattr(flags, name)) for name in wanted if hasattr(flags, name))


def make_builder(trt: ModuleType, logger: Any) -> Any:
    """Return a builder; None where the GPU has no room for it, which the log tells."""
    try:
        return trt.Builder(logger)
    except TypeError:  # as bindings report that there is none
        return None


def set_workspace(trt: ModuleType, config: Any, size: int) -> None:
    """Limit the workspace, in bytes."""
    if hasattr(config, "set_memory_pool_limit"):
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, size)
    else:
        config.max_workspace_size = size


def forbid_tf32(trt: ModuleType, config: Any) -> None:
    """Float32 is to be float32: by default products are rounded to 10 bits from Ampere on."""
    if hasattr(trt.BuilderFlag, "TF32"):
        config.clear_flag(trt.BuilderFlag.TF32)
