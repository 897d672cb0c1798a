"""Which values the policies of ``qos_overrides`` take. rclpy checks them late, and not all."""

from typing import Any, Mapping, Sequence

from trt_inference.ros.rclpy_tools.value_texts import as_yaml

_LARGEST_DEPTH = 2**31 - 1
_WORDS: Mapping[str, Sequence[str]] = {
    "history": ("keep_last", "keep_all", "system_default"),
    "reliability": ("reliable", "best_effort", "system_default", "best_available"),
    "durability": ("volatile", "transient_local", "system_default", "best_available"),
}


def wrong_policy(name: str, value: Any) -> str:
    """Why an override cannot be had; empty where that is not known.

    Args:
        name: of the parameter, as ``qos_overrides./image.subscription.depth``.
    """
    policy = name.rpartition(".")[2]
    if policy == "depth":
        if type(value) is int and 0 <= value <= _LARGEST_DEPTH:
            return ""
        wanted = f"a whole number from 0 to {_LARGEST_DEPTH}"
    elif policy not in _WORDS or (isinstance(value, str) and value.lower() in _WORDS[policy]):
        return ""
    else:
        wanted = f"one of {', '.join(_WORDS[policy])}"
    return f"parameter {name} is {as_yaml(value)}, and has to be {wanted}"
