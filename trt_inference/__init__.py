"""Runs bundles, made by the converter from TensorFlow models, on a robot or anywhere else.

    import cv2
    from trt_inference import Detector, load_bundle
    with Detector.open(load_bundle("shapes")) as detector:
        found = detector.detect(cv2.imread("street.jpg"))
    print([detector.name_of(number) for number in found.class_ids], found.scores, found.xyxy)

``found`` is a ``Detections``; for bundles of other tasks see ``Detector.detect``.
"""

from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector

__all__ = ["Detections", "Detector", "load_bundle"]
