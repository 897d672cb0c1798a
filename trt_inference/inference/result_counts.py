"""How many results of an engine may not be what they seem."""

from dataclasses import astuple, dataclass, replace


@dataclass
class ResultCounts:
    """Images of one engine.

    Attributes:
        full: in which all K candidates reached the score threshold, though the network has more
            boxes, so that detections may have been cut off.
        not_finite: for which the network gave scores or boxes that are not finite.
        without_label: in which a class number has no label.
    """

    full: int = 0
    not_finite: int = 0
    without_label: int = 0

    def snapshot(self) -> "ResultCounts":
        """A copy, while another thread counts."""
        return replace(self)

    def since(self, before: "ResultCounts") -> "ResultCounts":
        """What was counted after ``before``: all of it, where ``before`` is of another engine,
        which had counted more."""
        pairs = zip(astuple(self), astuple(before))
        return ResultCounts(*(now - old if now >= old else now for now, old in pairs))
