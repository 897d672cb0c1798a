"""A bundle that finds colors in three precisions, with a network of two convolutions."""

import shutil
from pathlib import Path
from typing import Dict

from test.color_bundle import change_manifest, write_color_bundle
from test.ready_models import ready_model
from trt_inference.bundles.bundle import sha256_of_file

PRECISIONS = ("fp32", "fp16", "int8")


def write_bundle(folder: Path) -> Path:
    """fp32, fp16 and int8, made as `quantize` makes them; in int8 the first convolution is
    quantised, and the last one is not."""
    write_color_bundle(folder)
    for name in PRECISIONS:
        shutil.copyfile(str(ready_model(f"layers_{name}")), str(folder / f"{name}.onnx"))
    entries = {name: _entry(folder / f"{name}.onnx") for name in PRECISIONS}
    change_manifest(folder, lambda manifest: manifest.update(precisions=entries))
    return folder


def _entry(file: Path) -> Dict[str, object]:
    return {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}
