"""Checkpoints: weights without the code, or of TensorFlow 1 with the graph of the training."""

from pathlib import Path
from typing import Dict, List, Optional, Set

from converter.inputs.given_instead.frozen_graphs import opening, saving
from converter.inputs.given_instead.how_to_save import (
    beside,
    path_literal,
    shell_word,
    with_lines,
)
from converter.inputs.quiet_tensorflow import tensorflow

_GRAPH_OF_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "/.ATTRIBUTES/"
# What a Keras model has in itself, in Keras 2 and 3, and what a training keeps beside a model.
_OF_MODELS = ("layer-", "layer_with_weights-", "_layers", "layers", "_operations", "_functional")
_OF_TRAINING = (
    "optimizer", "save_counter", "step", "epoch", "global_step", "keras_api", "iterator", "best"
)  # fmt: skip
_DETECTION_API = ("_feature_extractor", "_box_predictor", "FeatureExtractor/", "BoxPredictor")


def describe_checkpoint(path: Path) -> Optional[str]:
    """What checkpoint ``path`` is, or is a file of, or has in it, and the lines that save it as a
    SavedModel; None where there is none."""
    prefix = _prefix(path)
    if prefix is None:
        return None
    # The TF Object Detection API exports both, each in a folder of its own.
    places = (prefix.parent, prefix.absolute().parent.parent / "saved_model")
    saved = [place for place in places if (place / "saved_model.pb").is_file()]
    if saved:
        return (
            f"'{path}' is a checkpoint, and a SavedModel is beside it: did you mean '{saved[0]}'?"
        )
    return _describe_content(path, prefix)


def _describe_content(path: Path, prefix: Path) -> str:
    """What the checkpoint of the files ``prefix`` is by the names in it."""
    try:
        names = [name for name, _ in tensorflow().train.list_variables(str(prefix))]
    except (tensorflow().errors.OpError, ValueError) as error:
        return f"'{path}' is a checkpoint that cannot be read: {error}. Copy all its files again"
    if any(word in name for name in names for word in _DETECTION_API):
        return _of_detection_api(path, prefix, _GRAPH_OF_OBJECTS in names)
    if _GRAPH_OF_OBJECTS in names:
        return _of_objects(path, prefix, names)
    if Path(f"{prefix}.meta").is_file():
        return _with_graph(path, prefix)
    return _of_names(path, prefix)


def _prefix(path: Path) -> Optional[Path]:
    """The name that the files of a checkpoint have in common; of several in a folder the one
    that ``checkpoint`` names, or the newest."""
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        return None
    prefixes = [file.with_name(file.name[: -len(".index")]) for file in folder.glob("*.index")]
    if not path.is_dir() and path.name != "checkpoint":
        same = [one for one in prefixes if path.name in _files(one)]
        return same[0] if same else None
    try:
        latest = tensorflow().train.latest_checkpoint(str(folder))
    except (tensorflow().errors.OpError, ValueError):  # where `checkpoint` is damaged
        latest = None
    if latest is not None:
        return Path(latest)
    return max(prefixes, key=lambda one: Path(f"{one}.index").stat().st_mtime, default=None)


def _files(prefix: Path) -> List[str]:
    """What a user may give of a checkpoint: what its files have in common, or one of them."""
    return [prefix.name, *(file.name for file in prefix.parent.glob(f"{prefix.name}.*"))]


def _of_objects(path: Path, prefix: Path, names: List[str]) -> str:
    """Of TensorFlow 2: its variables are found by the attributes of objects."""
    arguments = _arguments(names)
    keras = " with Keras 2, tf_keras," if any("layer_with_weights-" in one for one in names) else ""
    lines = [
        "import tensorflow as tf",
        f"model = build_model()  # build the model{keras} by the code that trained it",
        f"checkpoint = tf.train.Checkpoint({arguments})",
        f"checkpoint.read({path_literal(prefix)}).assert_existing_objects_matched()",
        "# of a tf.Module, use tf.saved_model.save(model, DIR, signatures=...) instead",
        f"model.export({path_literal(beside(prefix))})",
    ]
    what = f"'{path}' is a checkpoint: the weights, which need the code that built the model"
    return with_lines(what, lines, beside(prefix))


def _arguments(names: List[str]) -> str:
    """What the checkpoint was made of: the model itself, or objects by names."""
    roots: Dict[str, Set[str]] = {}
    for name in names:
        first, *rest = name.split(_VALUE)[0].split("/")
        if name != _GRAPH_OF_OBJECTS and first not in _OF_TRAINING:
            roots.setdefault(first, set()).update(rest[:1])
    if any(root.startswith(_OF_MODELS) for root in roots):
        return "model"
    models = [
        root for root, inner in roots.items() if any(one.startswith(_OF_MODELS) for one in inner)
    ]
    named = models or [root for root, inner in roots.items() if inner]
    return f"{named[0]}=model" if len(named) == 1 else "model"


def _with_graph(path: Path, prefix: Path) -> str:
    """Of TensorFlow 1, with the graph in a .meta file."""
    from google.protobuf.message import DecodeError

    meta, target = Path(f"{prefix}.meta"), beside(prefix)
    message = tensorflow().compat.v1.MetaGraphDef()
    try:
        message.ParseFromString(meta.read_bytes())
    except DecodeError as error:
        return f"'{meta}' cannot be read: {error}. Copy the checkpoint again"
    loading = f"saver = tf1.train.import_meta_graph({path_literal(meta)}, clear_devices=True)"
    lines = [
        *opening(loading, f"saver.restore(session, {path_literal(prefix)})"),
        *saving(message.graph_def, target),
    ]
    return with_lines(f"'{path}' is a checkpoint of TensorFlow 1 with its graph", lines, target)


def _of_names(path: Path, prefix: Path) -> str:
    """Of TensorFlow 1, without its graph."""
    target = beside(prefix)
    lines = [
        *opening(
            "image = tf1.placeholder(tf.float32, [None, HEIGHT, WIDTH, 3])",
            "output = build_model(image)  # by the code that trained it",
            f"tf1.train.Saver().restore(session, {path_literal(prefix)})",
        )[:-1],
        f"    tf1.saved_model.simple_save(session, {path_literal(target)}, "
        "{'image': image}, {'output': output})",
    ]
    what = (
        f"'{path}' is a checkpoint of TensorFlow 1 without its graph (there is no "
        f"'{prefix.name}.meta'): it needs the code that built the model"
    )
    return with_lines(what, lines, target)


def _of_detection_api(path: Path, prefix: Path, is_2: bool) -> str:
    """Its own programs export it: the graph of a training has no detections."""
    folder, target = prefix.absolute().parent, beside(prefix)
    configs = [*folder.glob("*.config"), *folder.parent.glob("*.config")]
    config = shell_word(configs[0]) if configs else "pipeline.config"
    command = (
        f"python3 models/research/object_detection/exporter_main_v2.py --trained_checkpoint_dir "
        f"{shell_word(folder)}"
        if is_2
        else f"python3 models/research/object_detection/export_inference_graph.py "
        f"--trained_checkpoint_prefix {shell_word(prefix)}"
    )
    return "\n".join(
        (
            f"'{path}' is a checkpoint of the TensorFlow Object Detection API. Its own program "
            "saves it as a SavedModel:",
            "",
            f"{command} --input_type image_tensor --pipeline_config_path {config} "
            f"--output_directory {shell_word(target)}",
            "",
            f"Then give '{target}/saved_model'",
        )
    )
