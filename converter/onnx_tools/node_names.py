"""Names of nodes and tensors in a bundle's model by which other modules know them again.

No onnx is needed here: the engine builder reads these names on robots.
"""

# Each name in the model begins with the part that it belongs to.
INPUT_STAGE, NETWORK, HEAD, OUTPUT_STAGE = "input_stage/", "network/", "head/", "output_stage/"

# What the input stage hands to the network, as the network takes it.
NETWORK_PIXELS = "pixels"

# What a head decodes. Boxes float32 [N, A, 4]: x1, y1, x2, y2 in input pixels. Scores float32 in
# [0, 1]: [N, A, C] of boxes, [N, C] of images. A segmentation decodes the class map itself.
ALL_BOXES, CLASS_SCORES = "all_boxes", "class_scores"

# Endings, in a model with float16: a tensor that was float32, in float16; and the reverse.
IN_FLOAT16, IN_FLOAT32 = "/half", "/float"
# In a float32 model that shows what float16 does: before it is rounded, and rounded to float16.
EXACT, ROUNDED = "/exact", "/rounded"
