"""Whether what is behind boxes and scores is a suppression at all, by what it does."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from converter.export.overlaps import ROWS, OverlapProbe, Overlaps
from converter.export.own_outputs import SCORE, OutputValues, find_own_outputs, give_the_same_box
from converter.export.probe_suppression import UNITS, Probed, SuppressionProbe
from converter.inputs.quiet_tensorflow import tensorflow

# Scores before a sigmoid: that of 0 is -LOGIT.
TINY, LOGIT = 1e-12, 20.0


class AnySuppressionProbe(SuppressionProbe):
    """The same for whatever is behind boxes and scores; these may be those before a sigmoid."""

    _logits = False

    def find(self, known_threshold: float | None) -> Probed | None:
        """The same, where nothing else shows that it is a suppression.

        Returns:
            None where it is none, too.
        """
        try:
            for unit, logits in itertools.product(UNITS if self._outputs else (), (False, True)):
                self._unit, self._logits = unit, logits
                iou = self._iou_of_first_column()
                if iou is not None:
                    return self._all_with_overlaps(known_threshold, iou)
        except (tensorflow().errors.OpError, ValueError, TypeError):
            pass  # it needs something that is not known without the layers
        finally:
            self._session.close()
        return None

    def _iou_of_first_column(self) -> float | None:
        """The IoU threshold of the first column that it uses; None where it is no suppression."""
        self._nothing = self._run({})
        for column in range(self._scores.columns):
            outputs = self._run({column: SCORE})
            if self._differs(outputs):
                probe = self._overlaps({column: outputs})
                return None if probe is None else probe.iou(column)
        return None

    def _all_with_overlaps(self, known: float | None, iou: float) -> Probed | None:
        found = self._used_columns()
        if not found or not self._takes_all(found):
            return None
        probed, probe = self._probed(found, known), self._overlaps(found)
        if probed is None or probe is None:
            return None
        across = probe.across(probed.columns, iou)
        return None if across is None else replace(probed, overlaps=Overlaps(iou, across))

    def _overlaps(self, found: Mapping[int, OutputValues]) -> OverlapProbe | None:
        """What probes overlaps, where outputs give the made-up box and its score."""
        own, _ = find_own_outputs(found)
        if own is None or not give_the_same_box(own, found.values()):
            return None
        row = min(self._boxes.anchors // 2, self._boxes.anchors - ROWS)
        return OverlapProbe(self._run_rows, own.scores, row, self._unit)

    def _as_scores(self, scores: np.ndarray) -> np.ndarray:
        if not self._logits:
            return scores
        return np.clip(np.log(scores + TINY) - np.log1p(TINY - scores), -LOGIT, LOGIT)
