"""Bundles with sound hashes and a content that no converter writes, and what is said of each."""

import os
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import onnx

from test.color_bundle import change_manifest
from trt_inference.bundles.bundle import sha256_of_file
from trt_inference.bundles.manifest import MANIFEST

Make = Callable[[Path], object]
HUGE = 10**9


def manifest(change: Callable[[Dict[str, Any]], object]) -> Make:
    """A manifest with something else in it."""
    return lambda folder: change_manifest(folder, change)


def text(old: str, new: str) -> Make:
    """A manifest that is written otherwise, where JSON allows that, or almost."""

    def make(folder: Path) -> None:
        file = folder / MANIFEST
        written = file.read_text("utf-8")
        assert old in written
        file.write_text(written.replace(old, new, 1), "utf-8")

    return make


def labels(content: bytes, count: int = 3) -> Make:
    """Labels under a hash that is right."""

    def make(folder: Path) -> None:
        file = folder / "labels.txt"
        file.write_bytes(content)
        entry = {"sha256": sha256_of_file(file), "count": count}
        change_manifest(folder, lambda found: found["labels"].update(entry))

    return make


def instead(name: str, put: Callable[[Path], object]) -> Make:
    """Something else in the place of a file."""

    def make(folder: Path) -> None:
        (folder / name).unlink()
        put(folder / name)

    return make


def outside(file: Path) -> None:
    """A link to a copy of the file that is not in the bundle."""
    folder = file.parent
    kept = folder.with_name(f"{folder.name}-outside")
    shutil.copytree(str(folder.with_name("sound")), str(kept))
    file.symlink_to(kept / file.name)


def grows(file: Path) -> None:
    """A file of a terabyte, of which nothing is on the disk."""
    with file.open("wb") as stream:
        stream.truncate(1 << 40)


def shape(found: Dict[str, Any]) -> None:
    found["outputs"][0]["shape"][1] = 7


def nested(found: Dict[str, Any]) -> None:
    inner: Dict[str, Any] = {}
    for _ in range(100):
        inner = {"a": inner}
    found["source"]["more"] = inner


def elsewhere(folder: Path) -> None:
    """A model whose weights are said to be in a file of the system."""
    model = onnx.load(str(folder / "fp32.onnx"))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")
    (folder / "fp32.onnx").write_bytes(model.SerializeToString())
    entry = {
        "file": "fp32.onnx",
        "sha256": sha256_of_file(folder / "fp32.onnx"),
        "bytes": (folder / "fp32.onnx").stat().st_size,
    }
    change_manifest(folder, lambda found: found["precisions"].update(fp32=entry))


def size(height: Any, width: Any) -> Make:
    return manifest(lambda found: found["input"].update(height=height, width=width))


def of_fp32(**entry: Any) -> Make:
    return manifest(lambda found: found["precisions"]["fp32"].update(entry))


# What is wrong → how to make it, and what the one line says.
BROKEN_MANIFESTS: Dict[str, Tuple[Make, str]] = {
    "FIFO": (instead(MANIFEST, os.mkfifo), "is a FIFO"),
    "endless": (instead(MANIFEST, lambda file: file.symlink_to("/dev/zero")), "leads out of the"),
    "folder": (instead(MANIFEST, lambda file: file.mkdir()), "is a folder"),
    "huge file": (instead(MANIFEST, grows), "more than the 4194304 bytes"),
    "link out": (instead(MANIFEST, outside), "leads out of the bundle"),
    "no UTF-8": (instead(MANIFEST, lambda file: file.write_bytes(b'{"a": "\xff"}')), "utf-8"),
    "deep JSON": (instead(MANIFEST, lambda file: file.write_text("[" * 100000)), "in one another"),
    "nested source": (manifest(nested), "lists and objects are in one another"),
    "long number": (text('"candidates": 20', f'"candidates": {"9" * 100000}'), "100000 digits"),
    "infinite number": (text('"score_threshold": 0.5', '"score_threshold": 1e999'), "no finite"),
    "NaN": (text('"iou_threshold": 0.5', '"iou_threshold": NaN'), "NaN is no finite number"),
    "key twice": (text('"candidates": 20', '"candidates": 20, "candidates": 20'), "is there twice"),
    "fraction": (text('"candidates": 20', '"candidates": 20.0'), "at candidates: 20.0"),
    "exponent": (text('"height": 64', '"height": 0.64e2'), "at input/height: 64.0"),
    "version": (text('"schema_version": 1', '"schema_version": true'), "schema_version True"),
    "true": (of_fp32(images=True), "images: True"),
    "wide": (size(64, HUGE), f"input/width: {HUGE} is greater"),
    "large": (size(30000, 30000), "input: 30000x30000 are more than"),
    "negative": (size(-1, 64), "input/height: -1 is less"),
    "candidates": (manifest(lambda found: found.update(candidates=HUGE)), "at candidates"),
    "shape": (manifest(shape), "outputs/0/shape: 7 is not 20, the candidates"),
    "long name": (manifest(lambda found: found.update(name="x" * 3000000)), "at name: "),
    "line end in a file": (of_fp32(file="fp32.onnx\n"), "fp32/file"),
    "line end in a hash": (of_fp32(sha256="0" * 64 + "\n"), "fp32/sha256"),
    "line end in a precision": (
        manifest(lambda found: found["precisions"].update({"fp16\n": found["precisions"]["fp32"]})),
        r"at precisions: .*fp16\\n",
    ),
    "labels FIFO": (instead("labels.txt", os.mkfifo), "labels.txt is a FIFO"),
    "labels link out": (instead("labels.txt", outside), "labels.txt leads out of the bundle"),
    "labels huge": (instead("labels.txt", grows), "labels.txt has more than"),
    "labels no UTF-8": (labels(b"caf\xe9\ngreen\nred\n"), "labels.txt is not UTF-8 at byte 3"),
    "labels with a bell": (labels(b"blue\ngr\x07een\nred\n"), r"line 2 that has .* U\+0007"),
    "labels with another line end": (labels("blue\x85\ngreen\nred\n".encode()), r"U\+0085"),
    "labels with nothing": (labels(b"blue\n \nred\n"), "line 2 that is empty"),
}
BROKEN_MODELS: Dict[str, Tuple[Make, str]] = {
    "FIFO": (instead("fp32.onnx", os.mkfifo), "fp32.onnx is a FIFO"),
    "huge file": (instead("fp32.onnx", grows), "fp32.onnx was changed: it has 1099511627776 bytes"),
    "link out": (instead("fp32.onnx", outside), "fp32.onnx leads out of the bundle"),
    "other size": (of_fp32(bytes=100000), "fp32.onnx was changed: it has"),
    "weights elsewhere": (elsewhere, "names '../../../../etc/passwd' for its weights"),
}


def make_hostile(sound: Path, folder: Path, make: Make) -> Path:
    """A copy of a sound bundle in ``folder``, made hostile."""
    shutil.copytree(str(sound), str(folder))
    if not folder.with_name("sound").exists():
        shutil.copytree(str(sound), str(folder.with_name("sound")))
    make(folder)
    return folder
