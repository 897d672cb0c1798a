"""``label_map.pbtxt`` of the TF Object Detection API: numbers from 1, with gaps, and two names.

The message is that of research/object_detection/protos/string_int_label_map.proto in
https://github.com/tensorflow/models, and ``utils/label_map_util.py`` there reserves 0 for what is
none of the classes.
"""

import re
from pathlib import Path
from typing import Tuple

from converter.inputs.model_files.class_names import numbered_names, unique_names
from converter.inputs.model_files.proto_text import parse_proto_text

_NAME = re.compile(r"(?:.*[-_. ])?label_?maps?(?:[-_. ].*)?\.pbtxt", re.IGNORECASE)
_SCHEMA = {
    "LabelMap": {"item": "Item*"},
    "Item": {"id": "int32", "name": "string", "display_name": "string"},
}


def is_label_map(file: Path) -> bool:
    """Whether a file has the name of a label map."""
    return _NAME.fullmatch(file.name) is not None


def read_label_map(text: str) -> Tuple[str, ...]:
    """The labels in the text of a label map: the names for people, where it has two. What is no
    class, of number 0, is left out.

    Raises:
        ModelFileError: it is no label map, or a number is given twice.
    """
    items = parse_proto_text(text, _SCHEMA, "LabelMap").item
    names = unique_names([(item.id, item.display_name or item.name) for item in items])
    return numbered_names({number: names[number] for number in names if number != 0}, 1)
