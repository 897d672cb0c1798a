"""See which files an ONNX model names for its weights, before a library opens them.

A tensor of ONNX may be in another file, *external data*, which libraries look for beside the
model, wherever its name leads. Tensors are also in attributes, in the graphs of loops and
conditions, in functions and in sparse tensors: all of these are looked at, and no weight is read.
What readers of protobuf may take one way or another counts as a name.
"""

from pathlib import Path
from typing import Iterator, List, Mapping, Tuple

from trt_inference.bundles.protobuf_reader import Data, Field, fields
from trt_inference.errors import BundleError

# By kind of message, the fields that lead to tensors, and the kind of message in each: onnx.proto.
_WAYS: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_ENTRY_OF_TENSOR, _PLACE_OF_TENSOR = 13, 14  # the place is 0 for a tensor in the model
_KEY_OF_ENTRY, _VALUE_OF_ENTRY = 1, 2
_LOCATION = b"location"
_LONGEST = 255  # bytes of a file's name
# Readers of protobuf end at 100 messages inside of one another.
_DEEPEST = 100
# A hundred times those of a large network; so many are looked at in seconds.
_MOST_FIELDS = 5000000


def check_external_data(model: Data, allowed: str, file: Path) -> None:
    """See that a model has no weights in files but in the one that is allowed.

    Args:
        model: all bytes of the ONNX file.
        allowed: name of the file with its weights, beside it; empty where it has none.
        file: the model's, for messages.

    Raises:
        BundleError: it names another file, or is no ONNX model.
    """
    try:
        locations = set(_Walk(model).locations())
    except BundleError as error:
        raise BundleError(f"{file}: {error}") from None
    for location in sorted(locations):
        if not allowed or location != allowed.encode("utf-8"):
            shown = repr(location.decode("utf-8", "backslashreplace")) if location else "no file"
            raise BundleError(
                f"{file} names {shown} for its weights, and the manifest "
                f"{allowed or 'no such file'}: convert the model again"
            )


class _Walk:
    """One way through a model, whose length is bounded."""

    def __init__(self, model: Data) -> None:
        self._model = model
        self._left = _MOST_FIELDS

    def locations(self) -> Iterator[bytes]:
        """The names of files in the model; empty for a tensor that is in a file and names none."""
        whole = self._fields(Field(0, 0, len(self._model)))
        ways: List[Tuple[str, Iterator[Field]]] = [("model", whole)]
        while ways:
            kind, rest = ways[-1]
            one = next(rest, None)
            if one is None:
                ways.pop()
                continue
            inner = _WAYS[kind].get(one.number, "")
            if inner == "tensor":
                yield from self._of_tensor(one)
            elif inner:
                ways.append((inner, self._fields(one)))
            if len(ways) > _DEEPEST:
                raise _unusual("graphs inside of one another, deeper than libraries take")

    def _of_tensor(self, tensor: Field) -> Iterator[bytes]:
        found: List[bytes] = []
        is_outside = False
        for one in self._fields(tensor):
            if one.number == _ENTRY_OF_TENSOR:
                found += self._of_entry(one)
            elif one.number == _PLACE_OF_TENSOR:
                is_outside = is_outside or any(self._bytes(one))
        yield from found or ([b""] if is_outside else [])

    def _of_entry(self, entry: Field) -> List[bytes]:
        parts: Mapping[int, List[bytes]] = {_KEY_OF_ENTRY: [], _VALUE_OF_ENTRY: []}
        for one in self._fields(entry):
            if one.number in parts:
                parts[one.number].append(self._bytes(one))
        return (parts[_VALUE_OF_ENTRY] or [b""]) if _LOCATION in parts[_KEY_OF_ENTRY] else []

    def _bytes(self, one: Field) -> bytes:
        """The content of a field, of which more than a name's length does not matter."""
        return bytes(self._model[one.start : min(one.end, one.start + _LONGEST + 1)])

    def _fields(self, outer: Field) -> Iterator[Field]:
        for one in fields(self._model, outer.start, outer.end):
            self._left -= 1
            if self._left < 0:
                raise _unusual("more parts than any network has")
            yield one


def _unusual(what: str) -> BundleError:
    return BundleError(f"the ONNX model has {what}: convert the model again")
