"""Open a SavedModel's description: its signatures, without loading its weights."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from converter.errors import SavedModelError
from converter.inputs.choose_graph import choose_graph
from converter.inputs.given_instead.describe_given import describe_file, describe_given
from converter.inputs.given_instead.how_to_save import HOW_TO_SAVE
from converter.inputs.quiet_tensorflow import tensorflow
from converter.inputs.tensor import Tensor
from trt_inference.bundles.bundle import sha256_of_file

GRAPH_FILE = "saved_model.pb"
# In the order of preference: that of Keras and TensorFlow Serving, that of TensorFlow Hub.
DEFAULT_SIGNATURES = ("serving_default", "default")


@dataclass(frozen=True)
class Signature:
    """A function that the SavedModel offers, with its tensors by name.

    Attributes:
        outputs: those that are taken. Tensors inside of the graph may be among them, by their
            names in the graph that ``export.flatten`` makes of the signature.
        whole: all outputs that the signature has itself, where ``outputs`` are others.
    """

    name: str
    inputs: Tuple[Tensor, ...]
    outputs: Tuple[Tensor, ...]
    whole: Tuple[Tensor, ...] = ()

    @property
    def ends(self) -> Tuple[str, ...]:
        """The tensors of the SavedModel's graph at which the signature itself ends."""
        return tuple(tensor.graph_name for tensor in self.whole or self.outputs)

    @property
    def inner(self) -> Tuple[Tensor, ...]:
        """Those of ``outputs`` that are inside of the graph."""
        return tuple(one for one in self.outputs if one not in self.whole) if self.whole else ()


@dataclass(frozen=True)
class SavedModel:
    """What is known of a SavedModel before it is loaded."""

    path: Path
    tensorflow_version: str
    tags: Tuple[str, ...]
    signatures: Dict[str, Signature]

    def signature(self, name: Optional[str] = None) -> Signature:
        """The signature called ``name``; without a name the default one, or the only one.

        Raises:
            SavedModelError: there is none of that name, or none to prefer; the message lists
                those that are.
        """
        if name is None:
            only = tuple(self.signatures) if len(self.signatures) == 1 else DEFAULT_SIGNATURES
            usual = [name for name in DEFAULT_SIGNATURES if name in self.signatures]
            name = (usual or only)[0]
        if name not in self.signatures:
            raise SavedModelError(
                f"'{self.path}' has no signature '{name}': "
                f"choose with --signature {' | '.join(self.signatures)}"
            )
        return self.signatures[name]


def read_saved_model(path: Path, tag: Optional[str] = None) -> SavedModel:
    """Read the signatures of the SavedModel in folder ``path``.

    Args:
        tag: of the graph in it, see ``choose_graph``; None takes the one for inference.

    Raises:
        SavedModelError: no folder, no SavedModel in it, not readable, without a signature, or
            with several graphs to choose from.
    """
    graphs = read_message(path).meta_graphs
    if not graphs:
        file = graph_file(path)
        given = describe_file(file)
        raise SavedModelError(given or f"'{file}' has no graph at all: {HOW_TO_SAVE}")
    graph = choose_graph(str(path / GRAPH_FILE), graphs, tag)
    signatures = {
        name: Signature(name, _tensors(definition.inputs), _tensors(definition.outputs))
        for name, definition in sorted(graph.signature_def.items())
        if not name.startswith("__") and definition.outputs
    }
    if not signatures:
        raise SavedModelError(f"'{path}' has no signature: {HOW_TO_SAVE}")
    if _has_variables(graph):
        _check_variables(path / "variables")
    version, tags = graph.meta_info_def.tensorflow_version, tuple(graph.meta_info_def.tags)
    return SavedModel(path, version, tags, signatures)


def read_message(path: Path) -> Any:
    """The SavedModel message in folder ``path``, with all its graphs.

    Raises:
        SavedModelError: there is none, or it is not readable.
    """
    return _parse(graph_file(path))


def graph_file(path: Path) -> Path:
    """The file with the graph of the SavedModel in folder ``path``."""
    text = path / f"{GRAPH_FILE}txt"
    return text if text.is_file() else path / GRAPH_FILE


def hash_saved_model(path: Path) -> str:
    """One SHA-256 over the graph and all variables, by which a bundle names its source."""
    digest = hashlib.sha256()
    for file in [graph_file(path), *sorted((path / "variables").glob("variables.*"))]:
        digest.update(f"{file.name} {sha256_of_file(file)}\n".encode())
    return digest.hexdigest()


def _parse(file: Path) -> Any:
    """The SavedModel message in ``file``."""
    tensorflow()
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel()
    try:
        content = file.read_bytes()
        if file.suffix == ".pbtxt":
            text_format.Parse(content, message)
            return message
        message.ParseFromString(content)
    except (FileNotFoundError, NotADirectoryError):
        raise SavedModelError(describe_given(file.parent)) from None
    except (OSError, DecodeError, text_format.ParseError) as error:
        given = None if isinstance(error, OSError) else describe_file(file)
        if given:
            raise SavedModelError(given) from error
        raise SavedModelError(
            f"'{file}' cannot be read: {error}. Export the model again"
        ) from error
    return message


def _check_variables(folder: Path) -> None:
    for pattern in ("variables.index", "variables.data-*"):
        if not any(folder.glob(pattern)):
            raise SavedModelError(f"there is no '{folder / pattern}': copy the whole SavedModel")


def _has_variables(graph: Any) -> bool:
    operators = {node.op for node in graph.graph_def.node}
    return bool(operators & {"VarHandleOp", "VariableV2", "Variable"})


def _tensors(infos: Any) -> Tuple[Tensor, ...]:
    return tuple(_tensor(name, info) for name, info in sorted(infos.items()))


def _tensor(name: str, info: Any) -> Tensor:
    dtype = tensorflow().dtypes.as_dtype(info.dtype).name
    if info.tensor_shape.unknown_rank:
        return Tensor(name, dtype, None, info.name)
    return Tensor(name, dtype, tuple(size.size for size in info.tensor_shape.dim), info.name)
