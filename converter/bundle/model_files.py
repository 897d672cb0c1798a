"""The files of a precision's model, as the manifest describes them."""

from pathlib import Path
from typing import Any, Dict, Optional

from trt_inference.bundles.bundle import sha256_of_file


def describe_model(file: Path, data: Optional[Path]) -> Dict[str, Any]:
    """A model's file, and the one with its weights where they are too large for one."""
    return _file(file) if data is None else {**_file(file), "data": _file(data)}


def _file(file: Path) -> Dict[str, Any]:
    return {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}
