"""The names that what writes a bundle, what builds its engines and what runs them agree on.

``manifest.schema.json`` holds the same names of tasks and outputs, for other programs.
"""

DETECTION, CLASSIFICATION, SEGMENTATION = "detection", "classification", "segmentation"

# The one input of an engine: uint8 [N, height, width, 3], BGR.
IMAGE = "image"

# The outputs of an engine. Boxes float32 [N, K, 4], scores float32 [N, K] falling, classes int32
# [N, K]; the class map uint8 [N, h, w], for h x w equal parts of the input.
BOXES, SCORES, CLASSES, CLASS_MAP = "boxes", "scores", "classes", "class_map"
OUTPUTS = {
    DETECTION: (BOXES, SCORES, CLASSES),
    CLASSIFICATION: (SCORES, CLASSES),
    SEGMENTATION: (CLASS_MAP,),
}

# How a picture is brought to the size of the input, as ``Fitting`` of ``bundle.py`` tells.
LETTERBOX, LETTERBOX_TOP_LEFT = "letterbox", "letterbox-top-left"
STRETCH, CENTER_CROP = "stretch", "center-crop"
FITS = (LETTERBOX, LETTERBOX_TOP_LEFT, STRETCH, CENTER_CROP)
LINEAR, AREA = "linear", "area"
RESIZES = (LINEAR, AREA)

# Inside of a bundle.
ENGINES_FOLDER = "engines"
LABELS_FILE = "labels.txt"
REPORT_FOLDER = "report"
LARGEST_REPORT = 256 << 20  # bytes, of its content or its page: pictures are in it
REPORT_CONTENT, REPORT_PAGE = f"{REPORT_FOLDER}/report.json", f"{REPORT_FOLDER}/index.html"
