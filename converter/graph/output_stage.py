"""The output stage of detection: all boxes and class scores → the best K candidates."""

from __future__ import annotations

import onnx

from converter.graph.text import model_from_text

BOXES, CLASS_SCORES = "all_boxes", "class_scores"
OUTPUTS = ("boxes", "scores", "classes")


def output_stage(anchors: int, classes: int, candidates: int, opset: int) -> onnx.ModelProto:
    """float32 ``all_boxes [N, A, 4]`` and ``class_scores [N, A, C]`` → ``boxes`` float32
    ``[N, K, 4]``, ``scores`` float32 ``[N, K]`` falling, ``classes`` int32 ``[N, K]``.

    Each box keeps its best class. K is ``candidates``, or A where that is less.
    """
    kept = min(candidates, anchors)
    return model_from_text(
        opset,
        f"""
        output_stage (float[N, {anchors}, 4] {BOXES}, float[N, {anchors}, {classes}] {CLASS_SCORES})
            => (float[N, {kept}, 4] boxes, float[N, {kept}] scores, int32[N, {kept}] classes)
        <int64[1] one = {{1}}, int64[1] kept = {{{kept}}}, int64[1] last = {{2}}>
        {{
            best_score, best_class = TopK <axis = 2> ({CLASS_SCORES}, one)
            box_score = Squeeze (best_score, last)
            box_class = Squeeze (best_class, last)
            scores, index = TopK <axis = 1> (box_score, kept)
            chosen_class = GatherElements <axis = 1> (box_class, index)
            classes = Cast <to = 6> (chosen_class)
            column = Unsqueeze (index, last)
            columns = Concat <axis = 2> (column, column, column, column)
            boxes = GatherElements <axis = 1> ({BOXES}, columns)
        }}
        """,
    )
