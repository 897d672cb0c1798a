"""Keep the fewest layers in float32 with which a precision meets its limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from converter.precision.precision_builder import LayerChoice, PrecisionBuilder, without
from converter.precision.precision_results import PrecisionMeasurement, Sensitivity

Measure = Callable[[LayerChoice], PrecisionMeasurement]


def keep_most_sensitive(
    builder: PrecisionBuilder,
    first: LayerChoice,
    sensitivities: Sequence[Sensitivity],
    limit: float,
    measure: Measure,
) -> tuple[LayerChoice, PrecisionMeasurement] | None:
    """Try 1, 2, 4, … of the most sensitive layers in float32 until the loss is within ``limit``,
    then fewer, halving the distance.

    Args:
        first: the choice that did not meet it; what it keeps in float32 stays so.
        sensitivities: the most sensitive first.

    Returns:
        The choice and its measurement; ``None`` where no number is enough.
    """
    known = {layer.name: layer.reason for layer in first.kept}
    order = [one.layer for one in sensitivities if one.layer not in known]
    tried: dict[int, tuple[LayerChoice, PrecisionMeasurement]] = {}

    def passes(count: int) -> bool:
        tried[count] = _try(builder, known, order[:count], measure)
        return tried[count][1].is_within(limit)

    most = len(order) - 1  # with none left it would be fp32
    enough = next((count for count in _doubling(most) if passes(count)), None)
    if enough is None:
        return None
    fewest = max((count for count in tried if count < enough), default=0)
    while enough - fewest > 1:
        middle = (enough + fewest) // 2
        if passes(middle):
            enough = middle
        else:
            fewest = middle
    return tried[enough]


def _doubling(most: int) -> list[int]:
    """1, 2, 4, … and ``most`` at the end."""
    counts = [1 << power for power in range(most.bit_length()) if 1 << power < most]
    return [*counts, most] if most > 0 else []


def _try(
    builder: PrecisionBuilder, known: dict[str, str], sensitive: Sequence[str], measure: Measure
) -> tuple[LayerChoice, PrecisionMeasurement]:
    reason = "among the most sensitive, kept by --keep-float auto"
    choice = without(builder, {**known, **dict.fromkeys(sensitive, reason)})
    return choice, measure(choice)
