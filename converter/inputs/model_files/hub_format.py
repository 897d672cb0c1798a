"""``tfhub_module.pb``, which marks a module in the format of TensorFlow 1's Hub.

Such a module takes RGB from 0 to 1: https://www.tensorflow.org/hub/common_signatures/images. The
SavedModels of TensorFlow 2 on the Hub should do so too, but nothing in them tells that they are
from there.
"""

from typing import Optional

from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.model_files.place import Place
from converter.inputs.pixels import PRESETS, PixelOptions

MODULE_FILE = "tfhub_module.pb"


def read_hub_format(place: Place) -> Optional[ModelFiles]:
    """What the pixels of a module are; None where this is none."""
    file = place.find(MODULE_FILE)
    if file is None or file.parent != place.folders[0]:
        return None
    text = f"0 to 1, RGB, as every module of TensorFlow 1's Hub takes pictures ({MODULE_FILE})"
    return ModelFiles(
        pixels=PixelOptions("rgb", PRESETS["zero-to-one"].scale),
        findings=(Finding("pixels", text),),
    )
