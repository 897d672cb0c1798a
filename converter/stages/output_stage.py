"""The output stage: what a head has decoded → the fixed outputs of the engine, best first."""

from __future__ import annotations

import onnx

from converter.heads.base import Head
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from converter.onnx_tools.text import model_from_text
from trt_inference.bundles.names import BOXES, CLASSES, CLASSIFICATION, DETECTION, SCORES

# TensorRT's TopK takes no more: https://docs.nvidia.com/deeplearning/tensorrt/operators/docs/TopK.html
MOST_CANDIDATES = 3840


def output_stage(head: Head, candidates: int, opset: int) -> onnx.ModelProto | None:
    """The stage for the task of ``head``; None where its outputs go out as they are.

    Args:
        candidates: how many boxes or classes are wanted, at most ``MOST_CANDIDATES``.

    Raises:
        ValueError: ``candidates`` is not in 1..MOST_CANDIDATES.
    """
    if not 1 <= candidates <= MOST_CANDIDATES:
        raise ValueError(f"candidates is {candidates}: it must be in 1..{MOST_CANDIDATES}")
    if head.task == DETECTION:
        several = head.each_class and head.classes > 1
        stage = each_class_output if several else best_class_output
        return stage(head.anchors, head.classes, candidates, opset)
    if head.task == CLASSIFICATION:
        return classification_stage(head.classes, candidates, opset)
    return None


def best_class_output(anchors: int, classes: int, candidates: int, opset: int) -> onnx.ModelProto:
    """float32 ``all_boxes [N, A, 4]`` and ``class_scores [N, A, C]`` → ``boxes`` float32
    ``[N, K, 4]``, ``scores`` float32 ``[N, K]`` falling, ``classes`` int32 ``[N, K]``.

    Each box has its best class. K is ``candidates``, or A where that is less.
    """
    kept = min(candidates, anchors)
    return model_from_text(
        opset,
        f"""
        output_stage (
                float[N, {anchors}, 4] {ALL_BOXES}, float[N, {anchors}, {classes}] {CLASS_SCORES})
            => (float[N, {kept}, 4] {BOXES}, float[N, {kept}] {SCORES}, int32[N, {kept}] {CLASSES})
        <int64[1] one = {{1}}, int64[1] kept = {{{kept}}}, int64[1] last = {{2}}>
        {{
            best_score, best_class = TopK <axis = 2> ({CLASS_SCORES}, one)
            box_score = Squeeze (best_score, last)
            box_class = Squeeze (best_class, last)
            {SCORES}, index = TopK <axis = 1> (box_score, kept)
            chosen_class = GatherElements <axis = 1> (box_class, index)
            {CLASSES} = Cast <to = 6> (chosen_class)
            column = Unsqueeze (index, last)
            columns = Concat <axis = 2> (column, column, column, column)
            {BOXES} = GatherElements <axis = 1> ({ALL_BOXES}, columns)
        }}
        """,
    )


def each_class_output(anchors: int, classes: int, candidates: int, opset: int) -> onnx.ModelProto:
    """The same, but a box is there once for each of its classes, as those of a model are that
    suppresses class by class. K is ``candidates``, or A * C where that is less.

    The best K pairs of a box and a class are among the best K boxes, so that only their scores
    are sorted a second time.
    """
    boxes = min(candidates, anchors)
    kept = min(candidates, boxes * classes)
    return model_from_text(
        opset,
        f"""
        output_stage (
                float[N, {anchors}, 4] {ALL_BOXES}, float[N, {anchors}, {classes}] {CLASS_SCORES})
            => (float[N, {kept}, 4] {BOXES}, float[N, {kept}] {SCORES}, int32[N, {kept}] {CLASSES})
        <int64[1] one = {{1}}, int64[1] some = {{{boxes}}}, int64[1] kept = {{{kept}}},
         int64[1] last = {{2}}, int64[2] flat = {{0, {boxes * classes}}},
         int64[3] of_classes = {{1, 1, {classes}}}, int64 classes_of_box = {{{classes}}}>
        {{
            best_score, best_class = TopK <axis = 2> ({CLASS_SCORES}, one)
            box_score = Squeeze (best_score, last)
            some_score, box = TopK <axis = 1> (box_score, some)
            box_column = Unsqueeze (box, last)
            box_columns = Expand (box_column, of_classes)
            some_scores = GatherElements <axis = 1> ({CLASS_SCORES}, box_columns)
            pair_scores = Reshape (some_scores, flat)
            {SCORES}, pair = TopK <axis = 1> (pair_scores, kept)
            place = Div (pair, classes_of_box)
            before = Mul (place, classes_of_box)
            chosen_class = Sub (pair, before)
            {CLASSES} = Cast <to = 6> (chosen_class)
            index = GatherElements <axis = 1> (box, place)
            column = Unsqueeze (index, last)
            columns = Concat <axis = 2> (column, column, column, column)
            {BOXES} = GatherElements <axis = 1> ({ALL_BOXES}, columns)
        }}
        """,
    )


def classification_stage(classes: int, candidates: int, opset: int) -> onnx.ModelProto:
    """float32 ``class_scores [N, C]`` → ``scores`` float32 ``[N, K]`` falling, ``classes`` int32
    ``[N, K]``. K is ``candidates``, or C where that is less."""
    kept = min(candidates, classes)
    return model_from_text(
        opset,
        f"""
        output_stage (float[N, {classes}] {CLASS_SCORES})
            => (float[N, {kept}] {SCORES}, int32[N, {kept}] {CLASSES})
        <int64[1] kept = {{{kept}}}>
        {{
            {SCORES}, index = TopK <axis = 1> ({CLASS_SCORES}, kept)
            {CLASSES} = Cast <to = 6> (index)
        }}
        """,
    )
