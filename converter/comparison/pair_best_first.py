"""Pairs of what two sides have found, each once."""

from typing import Set

import numpy as np


def pair_best_first(rows: np.ndarray, columns: np.ndarray, preferences: np.ndarray) -> np.ndarray:
    """Choose among pairs: that with the highest preference, then the highest one that shares
    neither its row nor its column with those before, and so on.

    Args:
        rows, columns: of each pair that is possible, int ``[p]``. Those that do not overlap are
            better left out beforehand.
        preferences: ``[p]``. Of equal ones the first pair is chosen; NaN comes last.

    Returns:
        Indices of the pairs that are chosen, int ``[k]``, the best first.
    """
    order = np.argsort(-preferences, kind="stable")
    used_rows: Set[int] = set()
    used_columns: Set[int] = set()
    chosen = []
    pairs = zip(order.tolist(), rows[order].tolist(), columns[order].tolist())
    for index, row, column in pairs:
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
            chosen.append(index)
    return np.array(chosen, int)
