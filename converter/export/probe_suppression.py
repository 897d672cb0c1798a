"""What a suppression inside a graph does with boxes and scores that are made up.

The graph is run behind its layers: one box has a score in one column, and everything else is 0.
What then changes in the outputs shows whether the suppression uses that column, which number the
model gives its class, from which score on, and which output has what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.export.behind_layers import (
    behind_layers,
    fixed_sizes,
    open_session,
    zeros_of_inputs,
)
from converter.export.graph_view import GraphView, node_of
from converter.export.overlaps import Overlaps
from converter.export.own_outputs import (
    BOX,
    SCORE,
    OutputValues,
    find_own_outputs,
    share_numbers,
)
from converter.export.provenance import twins
from converter.export.request_answer import OwnDetections
from converter.export.suppression_inputs import SuppressionInput
from converter.inputs.quiet_tensorflow import tensorflow

# Boxes are in fractions of the image, or in pixels.
UNITS = (1.0, 64.0)
HALVINGS = 10  # of the range in which a score threshold is looked for
SECOND_SCORE = 0.96  # of another class of the same box
OTHER_SCORE = 0.99  # of columns that no box is given for
MARGIN = 0.01  # a score so much above a threshold must pass


@dataclass(frozen=True)
class Probed:
    """What was found out.

    Attributes:
        columns: of the scores, those that the suppression uses, in the order of their classes.
        thresholds: of their scores.
        numbers: the numbers that the model gives these classes; empty where it gives none.
        each_class: a box with scores in two columns is given for both of them.
        own: the outputs with the result; None where they are not these.
        overlaps: what it does with boxes that overlap, where that was asked for.
    """

    columns: tuple[int, ...]
    thresholds: tuple[float, ...]
    numbers: tuple[int, ...]
    each_class: bool
    own: OwnDetections | None
    overlaps: Overlaps | None = None


class SuppressionProbe:
    """Runs the part of a graph that is behind ``boxes`` and ``scores``."""

    def __init__(
        self,
        view: GraphView,
        graph: Any,
        boxes: SuppressionInput,
        scores: SuppressionInput,
        outputs: Mapping[str, str],
    ) -> None:
        """
        Args:
            graph: ``view`` in TensorFlow.
            outputs: those that come from the suppression; of these, the ones that also depend on
                layers in another way are not looked at.
        """
        self._session = open_session(graph)
        self._boxes, self._scores, self._unit = boxes, scores, UNITS[0]
        self._same = {one.tensor: (one.tensor, *twins(view, one.tensor)) for one in (boxes, scores)}
        stop = {node_of(tensor) for same in self._same.values() for tensor in same}
        self._outputs = {
            name: tensor
            for name, tensor in outputs.items()
            if not behind_layers(view, [tensor], stop)
        }
        sizes = fixed_sizes(view, graph, self._outputs, stop)
        behind = view.ancestors(self._outputs.values(), {*stop, *map(node_of, sizes)})
        self._fixed = {**zeros_of_inputs(graph, behind), **sizes}

    def find(self, known_threshold: float | None) -> Probed | None:
        """Look at all columns.

        Args:
            known_threshold: the score threshold of all classes, where the graph has it as a
                constant; it is tried first.

        Returns:
            None where no column is used, or not of all boxes, or the graph cannot be run so.
        """
        try:
            for unit in UNITS if self._outputs else ():
                self._unit = unit
                found = self._used_columns()
                if found:
                    return self._probed(found, known_threshold) if self._takes_all(found) else None
        except (tensorflow().errors.OpError, ValueError, TypeError):
            pass  # it needs something that is not known without the layers
        finally:
            self._session.close()
        return None

    def _used_columns(self) -> dict[int, OutputValues]:
        """The outputs for each column that changes them."""
        self._nothing = self._run({})
        results = {column: self._run({column: SCORE}) for column in range(self._scores.columns)}
        return {column: outputs for column, outputs in results.items() if self._differs(outputs)}

    def _takes_all(self, found: dict[int, OutputValues]) -> bool:
        """Whether the first and the last box are used too, and columns that no box is given for
        have no part in it, as a background has of which the class of a box is the best."""
        column = next(iter(found))
        return all(
            self._differs(self._run({column: SCORE}, row), self._run({}, row))
            for row in (0, self._boxes.anchors - 1)
        ) and not self._uses_others(found)

    def _uses_others(self, found: Mapping[int, OutputValues]) -> bool:
        column = next(iter(found))
        others = set(range(self._scores.columns)) - set(found)
        scores = {**dict.fromkeys(others, OTHER_SCORE), column: SCORE}
        return bool(others) and self._differs(self._run(scores), found[column])

    def _probed(self, found: dict[int, OutputValues], known: float | None) -> Probed | None:
        own, numbers = find_own_outputs(found)
        if len(found) > 1 and (own is None or share_numbers(found, own)):
            return None  # which classes the model gives cannot be told
        order = sorted(found, key=lambda column: (numbers.get(column, column), column))
        thresholds: list[float] = []
        for column in order:
            thresholds.append(self._threshold(column, known))
            known = thresholds[-1] if known is None else known
        ordered = tuple(numbers[column] for column in order) if numbers else ()
        return Probed(tuple(order), tuple(thresholds), ordered, self._gives_both(order), own)

    def _gives_both(self, columns: Sequence[int]) -> bool:
        """Whether a second class of a box changes the outputs."""
        if len(columns) < 2:
            return False
        best, second = columns[:2]
        alone = self._run({best: SCORE})
        return self._differs(self._run({best: SCORE, second: SECOND_SCORE}), alone)

    def _run(self, given: Mapping[int, float], row: int | None = None) -> OutputValues:
        """The outputs with scores in some columns of one row, that in the middle if none is
        given."""
        row = self._boxes.anchors // 2 if row is None else row
        scores = {(row, column): score for column, score in given.items()}
        return self._run_rows({row: np.multiply(BOX, self._unit)}, scores)

    def _run_rows(
        self, boxes_at: Mapping[int, np.ndarray], scores_at: Mapping[tuple[int, int], float]
    ) -> OutputValues:
        """The outputs with boxes in some rows, and scores in some rows and columns."""
        scores = np.zeros((self._scores.anchors, self._scores.columns), np.float32)
        boxes = np.zeros((self._boxes.anchors, 4), np.float32)
        for place, score in scores_at.items():
            scores[place] = score
        for row, box in boxes_at.items():
            boxes[row] = box
        feed = {
            tensor: one.arrange(rows)
            for one, rows in ((self._boxes, boxes), (self._scores, self._as_scores(scores)))
            for tensor in self._same[one.tensor]
        }
        values = self._session.run(list(self._outputs.values()), {**self._fixed, **feed})
        return dict(zip(self._outputs, map(np.asarray, values), strict=True))

    def _as_scores(self, scores: np.ndarray) -> np.ndarray:
        """Scores in 0 to 1 as the tensor of the scores has them."""
        return scores

    def _differs(self, outputs: OutputValues, others: OutputValues | None = None) -> bool:
        """Whether the outputs are others than with no score at all."""
        others = others or self._nothing
        return any(not np.array_equal(value, others[name]) for name, value in outputs.items())

    def _threshold(self, column: int, known: float | None) -> float:
        """The score from which on a box of that column is let through."""
        low, high = 0.0, SCORE
        if known is not None and known < high:
            low, high = max(known, 0.0), min(max(known, 0.0) + MARGIN, SCORE)
            if self._differs(self._run({column: high})):
                return low
            high = SCORE
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if self._differs(self._run({column: middle})):
                high = middle
            else:
                low = middle
        rounded = round(high, 2)
        return rounded if low <= rounded <= high else high
