"""Write a model whose large tensors are in files beside it: in one file where it fits into one."""

import shutil
from pathlib import Path
from typing import Optional

import onnx
from onnx import external_data_helper

from converter.errors import ExportError

# Protobuf ends at 2 GiB; libraries that copy a model while they read it come near before that.
LARGEST_FILE = 1 << 30


def save(model: onnx.ModelProto, folder: Optional[Path], file: Path) -> Optional[Path]:
    """Write ``model``, whose weights are in ``folder`` or, without one, in itself, to ``file``,
    and check what was written.

    Returns:
        The second file, beside the first, where the weights are too large for one.

    Raises:
        ExportError: the model is not valid.
    """
    data = _write_whole(model, file) if folder is None else _write(model, folder, file)
    try:
        onnx.checker.check_model(str(file), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(
            f"the grafted model is not valid: {error}. Please report it with the model"
        ) from error
    return data


def _write_whole(model: onnx.ModelProto, file: Path) -> Optional[Path]:
    """Write a model that has its weights in it; weights that are too large go into a second
    file."""
    if model.ByteSize() <= LARGEST_FILE:
        file.write_bytes(model.SerializeToString())
        return None
    target = file.with_name(f"{file.name}.data")
    onnx.save_model(model, str(file), save_as_external_data=True, location=target.name)
    return target


def _write(model: onnx.ModelProto, folder: Path, file: Path) -> Optional[Path]:
    data = folder / DATA_FILE
    if not data.exists() or data.stat().st_size <= LARGEST_FILE:
        whole = onnx.ModelProto()
        whole.CopyFrom(model)
        external_data_helper.load_external_data_for_model(whole, str(folder))
        file.write_bytes(whole.SerializeToString())
        return None
    target = file.with_name(f"{file.name}.data")
    shutil.copyfile(data, target)
    moved = onnx.ModelProto()
    moved.CopyFrom(model)
    for tensor in moved.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = target.name
    file.write_bytes(moved.SerializeToString())
    return target


DATA_FILE = "network.weights"
