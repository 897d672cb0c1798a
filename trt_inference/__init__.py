"""Runs bundles, made by the converter from TensorFlow models, on a robot or anywhere else.

    import cv2
    from trt_inference import Detector, load_bundle
    with Detector.open(load_bundle("shapes")) as detector:
        found = detector.detect(cv2.imread("street.jpg"))
    print([detector.name_of(number) for number in found.class_ids], found.scores, found.xyxy)

``found`` is a ``Detections``; for bundles of other tasks see ``Detector.detect``.

These names are imported when they are first used. What runs without NumPy and OpenCV, as the doctor
that looks for them, would otherwise need both.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from trt_inference.bundles.bundle import load_bundle
    from trt_inference.inference.detections import Detections
    from trt_inference.inference.detector import Detector

__all__ = ["Detections", "Detector", "load_bundle"]

_MODULES = {
    "Detections": "trt_inference.inference.detections",
    "Detector": "trt_inference.inference.detector",
    "load_bundle": "trt_inference.bundles.bundle",
}


class _Package(ModuleType):
    """This package. A function ``__getattr__`` would do, from Python 3.7 on."""

    def __getattr__(self, name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_MODULES[name]), name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> List[str]:
        """With the names that nobody has used yet: for completion and ``help``."""
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
