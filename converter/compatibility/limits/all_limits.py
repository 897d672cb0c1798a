"""All limits, by operator."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from converter.compatibility.limits.attribute_limits import ATTRIBUTE_LIMITS
from converter.compatibility.limits.constant_limits import CONSTANT_LIMITS
from converter.compatibility.limits.control_flow_limits import CONTROL_FLOW_LIMITS
from converter.compatibility.limits.convolution_limits import CONVOLUTION_LIMITS
from converter.compatibility.limits.element_limits import ANY_OPERATOR, ELEMENT_LIMITS
from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.pad_limits import PAD_LIMITS
from converter.compatibility.limits.quantization_limits import QUANTIZATION_LIMITS
from converter.compatibility.limits.recurrent_limits import RECURRENT_LIMITS
from converter.compatibility.limits.resize_limits import RESIZE_LIMITS
from converter.compatibility.limits.shape_limits import SHAPE_LIMITS
from converter.compatibility.limits.type_limits import TYPE_LIMITS
from converter.compatibility.limits.window_limits import WINDOW_LIMITS

LIMITS = (
    *RESIZE_LIMITS,
    *WINDOW_LIMITS,
    *CONVOLUTION_LIMITS,
    *PAD_LIMITS,
    *RECURRENT_LIMITS,
    *ATTRIBUTE_LIMITS,
    *CONSTANT_LIMITS,
    *SHAPE_LIMITS,
    *CONTROL_FLOW_LIMITS,
    *TYPE_LIMITS,
    *QUANTIZATION_LIMITS,
    *ELEMENT_LIMITS,
)


def _by_operator() -> Mapping[str, tuple[Limit, ...]]:
    names = {name for one in LIMITS for name in one.operators}
    return MappingProxyType(
        {name: tuple(one for one in LIMITS if name in one.operators) for name in names}
    )


_BY_OPERATOR = _by_operator()


def limits_of(operator: str) -> tuple[Limit, ...]:
    """The limits of an operator such as ``TopK``, those of all operators last."""
    return (*_BY_OPERATOR.get(operator, ()), *_BY_OPERATOR[ANY_OPERATOR])


def limit_texts(operator: str, tensorrt: str) -> tuple[str, ...]:
    """What that version, such as ``10.3``, does not take of the operator alone."""
    own = _BY_OPERATOR.get(operator, ())
    return tuple(dict.fromkeys(one.text for one in own if one.holds_in(tensorrt)))
