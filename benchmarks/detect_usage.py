"""python3 -m benchmarks.detect_usage BUNDLE IMAGE …: what `detect` finds with each precision, and
what it takes of memory and time, as JSON. It needs no ROS."""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Dict, List, Sequence

import cv2

from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.inference.detector import Detector
from trt_inference.viewing.image_files import read_frames

# What may fall below the bundle's threshold on another processor is looked for from here on.
LOWEST_SCORE = 0.05


def main() -> int:
    """Print one object: for each precision the results, the peak of memory, and the time."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.detect_usage", description=__doc__)
    parser.add_argument("bundle", metavar="BUNDLE", type=Path)
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path)
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    usage = {
        "processor": platform.machine(),
        "opencv": cv2.__version__,
        "python_peak_bytes": peak_bytes(),
        "precisions": {name: measure(bundle, name, options.images) for name in bundle.precisions},
    }
    json.dump(usage, sys.stdout)
    return 0


def measure(bundle: Bundle, precision: str, images: Sequence[Path]) -> Dict[str, Any]:
    """What `detect` writes as JSON, with ``peak_bytes`` and ``milliseconds`` of an image."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.json")
        peak = peak_bytes(
            *(str(bundle.path), *map(str, images), "--output", folder, "--json", str(results)),
            *("--backend", "onnxruntime", "--precision", precision),
            *("--score-threshold", str(min(LOWEST_SCORE, bundle.defaults.score_threshold))),
        )
        found = json.loads(results.read_text("utf-8"))
    return {**found, "peak_bytes": peak, "milliseconds": milliseconds(bundle, precision, images)}


def peak_bytes(*arguments: str) -> int:
    """Run `detect` in a process of its own. Returns the most that was resident of it; without
    arguments, of Python alone.

    Raises:
        subprocess.CalledProcessError: it failed; why is on the standard error.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "peak")
        command = [sys.executable, "-m", "benchmarks.detect_peak", str(file), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return int(file.read_text("utf-8"))


def milliseconds(bundle: Bundle, precision: str, images: Sequence[Path]) -> float:
    """The median of an image, from the frame to the detections; each is detected twice, and the
    second time counts."""
    times: List[float] = []
    with Detector.open(bundle, "onnxruntime", precision) as detector:
        for image in images:
            for _, _, frame in read_frames(image):
                detector.detect(frame)
                began = perf_counter()
                detector.detect(frame)
                times.append(perf_counter() - began)
    return 1e3 * median(times)


if __name__ == "__main__":
    sys.exit(main())
