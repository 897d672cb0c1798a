"""Models and weights that Keras has saved: .keras archives, packed or not, and HDF5."""

from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple

from converter.inputs.given_instead.how_to_save import beside, path_literal, with_lines
from converter.inputs.given_instead.untrusted import json_object, parts_of_zip, read_part

HDF5 = b"\x89HDF\r\n\x1a\n"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_KERAS_2 = "import tf_keras as keras  # Keras 2, which saved it: pip install tf_keras"
_KERAS_3 = "import keras"
_OF_KERAS = ("keras.", "tf_keras.", "tensorflow.")  # modules


def describe_keras(path: Path) -> Optional[str]:
    """What Keras has saved in ``path``, and the lines that save it again; None where it is nothing
    of Keras."""
    if path.is_dir():
        return _describe_unpacked(path)
    with path.open("rb") as stream:
        start = stream.read(len(HDF5))
    if start == HDF5:
        return _describe_hdf5(path)
    found = _describe_archive(path)
    if found is None and path.suffix in (".keras", ".h5", ".hdf5"):
        return f"'{path}' has the name of a Keras file, but not its content: copy it again"
    return found


def _describe_archive(path: Path) -> Optional[str]:
    if not {_CONFIG, _METADATA} <= set(parts_of_zip(path)):
        return None
    config, metadata = (json_object(read_part(path, one)) for one in (_CONFIG, _METADATA))
    if not config:
        return f"'{path}' is a .keras file that is damaged, as its {_CONFIG} is: copy it again"
    version = str(metadata.get("keras_version", ""))
    copy, file = _renamed(path, (".keras",))
    what = f"'{path}' is a model in the format of Keras 3{_saved_by(version)}"
    return with_lines(what, [*copy, *_loading(file, config, version)], beside(path))


def _describe_unpacked(path: Path) -> Optional[str]:
    if not all((path / name).is_file() for name in (_CONFIG, _METADATA, _WEIGHTS)):
        return None
    config, metadata = (json_object((path / one).read_bytes()) for one in (_CONFIG, _METADATA))
    inner = config.get("config")
    has_layers = isinstance(inner, dict) and "layers" in inner
    if not has_layers and "build_config" not in config:
        return None  # a preset of KerasHub
    version = str(metadata.get("keras_version", ""))
    folder, packed = path_literal(path), path.absolute().parent / f"{path.name}.keras"
    lines = [
        "import os, shutil",
        f"archive = shutil.make_archive({folder}, 'zip', {folder})",
        f"os.replace(archive, {path_literal(packed)})",
        *_loading(packed, config, version),
    ]
    what = f"'{path}' is a .keras file that was unpacked{_saved_by(version)}"
    return with_lines(what, lines, beside(packed))


def _describe_hdf5(path: Path) -> str:
    import h5py

    try:
        with h5py.File(str(path), "r") as file:
            version, config = (_text(file.attrs.get(f"{name}")) for name in _ATTRIBUTES)
            is_of_layers = "layer_names" in file.attrs
    except OSError as error:
        return f"'{path}' is a file of Keras (HDF5) that cannot be read: {error}. Copy it again"
    if not config:
        return _describe_weights(path, version, is_of_layers)
    copy, file_of_keras = _renamed(path, (".h5", ".hdf5"))
    what = f"'{path}' is a whole Keras model (HDF5){_saved_by(version)}"
    lines = [*copy, *_loading(file_of_keras, json_object(config), version)]
    return with_lines(what, lines, beside(path))


_ATTRIBUTES = ("keras_version", "model_config")


def _describe_weights(path: Path, version: str, is_of_layers: bool) -> str:
    """Weights alone. Keras 3 tells by the name how they are stored: by layers is the older way."""
    copy: List[str] = []
    file = path
    if is_of_layers and path.name.endswith(".weights.h5"):
        copy, file = _renamed(path, (), f"{path.name[: -len('.weights.h5')]}.h5")
    keras_2 = " with Keras 2, tf_keras," if version.startswith("2") else ""
    lines = [
        *copy,
        f"model = build_model()  # build the model{keras_2} by the code that trained it",
        f"model.load_weights({path_literal(file)})",
        f"model.export({path_literal(beside(path))})",
    ]
    what = (
        f"'{path}' has the weights of a Keras model without its layers (HDF5){_saved_by(version)}: "
        "they need the code that built the model"
    )
    return with_lines(what, lines, beside(path))


def _loading(file: Path, config: Any, version: str) -> List[str]:
    """Load a whole model and export it."""
    classes = sorted(set(_own_classes(config)))
    arguments = [path_literal(file), "compile=False"]
    lines = [_KERAS_2 if version.startswith("2") else _KERAS_3]
    if classes:
        listed = ", ".join(classes)
        lines.append(f"# import {listed} here, from the code that trained the model")
        own = ", ".join(f"{name!r}: {name}" for name in classes)
        arguments.append(f"custom_objects={{{own}}}")
    if "Lambda" in {layer.get("class_name") for layer in _layers(config)}:
        arguments.append("safe_mode=False")  # it has code, which is run: the file must be trusted
    lines.append(f"model = keras.models.load_model({', '.join(arguments)})")
    return [*lines, f"model.export({path_literal(beside(file))})"]


def _layers(config: Any) -> Iterator[Any]:
    """The model and all layers in it, those of models in it too."""
    yield config
    inner = config.get("config", {})
    layers = inner.get("layers") if isinstance(inner, dict) else inner  # Keras 1 had a list
    for layer in layers if isinstance(layers, list) else ():
        if isinstance(layer, dict):
            yield from _layers(layer)


def _own_classes(config: Any) -> Iterator[str]:
    """Names of the classes that Keras does not have."""
    for layer in _layers(config):
        name, module = str(layer.get("class_name", "")).split(">")[-1], layer.get("module")
        if "module" in layer:
            if not str(module).startswith(_OF_KERAS):
                yield name
        elif not _keras_2_has(name):
            yield name


def _keras_2_has(name: str) -> bool:
    try:
        import tf_keras
    except ImportError:  # then nothing is known of it
        return True
    return name in ("Functional", "") or hasattr(tf_keras.layers, name) or hasattr(tf_keras, name)


def _renamed(path: Path, suffixes: Tuple[str, ...], name: str = "") -> Tuple[List[str], Path]:
    """Lines that copy a file to a name by which Keras knows how to read it, where that is
    needed, and the file that it then has."""
    if path.name.endswith(suffixes) and not name:
        return [], path
    copy = path.with_name(name or f"{path.name}{suffixes[0]}")
    return ["import shutil", f"shutil.copyfile({path_literal(path)}, {path_literal(copy)})"], copy


def _saved_by(version: str) -> str:
    return f", saved by Keras {version}" if version else ""


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""
