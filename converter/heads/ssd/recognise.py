"""SSD and RetinaNet: for each of many anchors the offset of a box from it, and class scores.

SSD, https://arxiv.org/abs/1512.02325, has the background as a first class and a softmax;
RetinaNet, https://arxiv.org/abs/1708.02002, has a sigmoid for each class. The outputs are two
lists, two maps for each level, one list of both, as in
https://keras.io/examples/vision/retinanet/, or one list that holds the anchors too, as in
https://github.com/pierluigiferrari/ssd_keras.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.anchors import anchors_in, are_anchors, read_anchors
from converter.heads.decoding.error_messages import class_count, listed
from converter.heads.decoding.feature_maps import Rows, sizes_of
from converter.heads.decoding.find_activation import assumed_activation, read_scores
from converter.heads.evidence import Evidence, Recognised
from converter.heads.family import Family
from converter.heads.ssd.find_coder import find_coder
from converter.heads.ssd.find_layout import (
    NAME,
    OffsetsAndScores,
    find_joined,
    find_lists,
    find_maps,
    is_fixed,
    lists_of,
    look_like_boxes,
)
from converter.heads.ssd.head import SsdHead
from converter.heads.ssd.overlapping_anchors import find_pairs

EXPECTS = (
    "float32 offsets from anchors [N, A, 4] and class scores [N, A, C], or both in one "
    "[N, A, 4+C], or such maps [N, h, w, 4a] and [N, h, w, Ca] of several levels, with anchors as "
    "another output or as --anchors FILE.npy"
)

KERAS_COLUMNS = 12  # after the scores: four offsets, four of the anchor, four variances


def recognise(evidence: Evidence) -> Recognised | None:
    """A head for offsets from anchors that the options give, or another output has.

    Raises:
        HeadError: the boxes look like offsets, but there are no anchors or not as many; several
            outputs could be the offsets or the scores; the labels do not fit.
    """
    keras = _recognise_keras(evidence)
    if keras is not None:
        return keras
    pair = find_maps(evidence) or find_lists(evidence) or find_joined(evidence)
    if pair is None:
        return None
    found = _find_anchors(pair, evidence)
    if found is None:
        return None
    values, source = found
    return _head(pair, values, source, evidence)


def _head(
    pair: OffsetsAndScores, anchors: np.ndarray, source: str, evidence: Evidence
) -> Recognised:
    fixed = read_anchors(anchors, evidence)
    scores = pair.scores.of(evidence.values)
    reading = read_scores(scores, evidence)
    offsets, probabilities = pair.offsets.of(evidence.values), reading.apply(scores)
    pairs = find_pairs(offsets, probabilities, fixed.boxes, evidence.objects)
    found = find_coder(pairs, pair.names, evidence.options)
    head = SsdHead(pair.offsets, pair.scores, reading, fixed, found.coder)
    return Recognised(
        head,
        f"{' and '.join(pair.names)} are offsets and scores of {head.anchors} anchors, which come "
        f"from {source} and are {fixed.description} (--box-format and --boxes decide); the offsets "
        f"are {found.coder}, {found.why}; the scores of {class_count(head.classes)} are {reading} "
        "(--activation and --background decide)",
        (
            *fixed.assumed,
            *found.assumed,
            *assumed_activation(reading, scores, evidence),
        ),
    )


def _recognise_keras(evidence: Evidence) -> Recognised | None:
    """The layout [N, A, C+1+4+4+4]: scores with background first, offsets, anchors ``cxcywh``,
    variances."""
    for output in lists_of(evidence):
        values, width = evidence.values[output.name], sizes_of(output)[1]
        if not _has_keras_columns(values):
            continue
        anchors, variances = values[0, :, -8:-4], values[0, 0, -4:]
        scores, offsets = (0, width - KERAS_COLUMNS), (width - KERAS_COLUMNS, width - 8)
        pair = OffsetsAndScores(Rows((output,), width, offsets), Rows((output,), width, scores))
        options = replace(evidence.options, box_format="cxcywh")
        if options.offset_order == "auto":
            options = replace(options, offset_order="xywh")
        if options.box_scales is None:
            a, b, c, d = (1 / variances).tolist()
            options = replace(options, box_scales=(a, b, c, d))
        if options.background == "auto":
            options = replace(options, background="first")
        source = f"columns {width - 8} to {width - 5}"
        return _head(pair, anchors, source, replace(evidence, options=options))
    return None


def _has_keras_columns(values: np.ndarray) -> bool:
    """Whether ``[images, A, columns]`` end with centres and sides, the same for all images, and
    with variances, the same for all anchors too."""
    if values.shape[2] < KERAS_COLUMNS + 2:
        return False
    anchors, variances = values[..., -8:-4], values[..., -4:]
    return (
        bool((variances == variances[0, 0]).all() and (variances > 0).all())
        and bool((anchors == anchors[0]).all())
        and are_anchors(anchors[0], "cxcywh")
        and not are_anchors(anchors[0], "xyxy")  # these have another box coder
    )


def _find_anchors(pair: OffsetsAndScores, evidence: Evidence) -> tuple[np.ndarray, str] | None:
    """Anchors ``[A, 4]`` and where they are from; None where the boxes seem to need none.

    Raises:
        HeadError: they need anchors, and there are none or not as many.
    """
    given, count = evidence.options.anchors, pair.offsets.count
    if given is not None:
        if given.shape != (count, 4):
            raise HeadError(
                f"--anchors has an array {list(given.shape)}, but the outputs "
                f"({listed(evidence)}) have offsets from {count} anchors: give [{count}, 4]"
            )
        return given, "--anchors"
    values = pair.offsets.of(evidence.values)
    if look_like_boxes(values) and evidence.options.head != NAME:
        return None
    found = [
        (anchors, f"output {output}")
        for output in evidence.outputs
        if output.name not in pair.names and is_fixed(output, evidence, count)
        for anchors in [anchors_in(output, count, evidence)]
        if anchors is not None
    ]
    if len(found) == 1:
        return found[0]
    raise HeadError(
        f"{' and '.join(pair.offsets.names)} look like offsets from {count} anchors, but "
        f"{'several outputs' if found else 'no output'} could be the anchors: give those that the "
        f"network was trained with, float32 [{count}, 4], as --anchors FILE.npy"
    )


FAMILY = Family(70, {NAME: EXPECTS}, recognise)
