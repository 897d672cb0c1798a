"""Serialised messages → objects, by the definitions that their recording brings along."""

import functools
import itertools
import threading
from typing import Any

from rosbags.interfaces import Nodetype
from rosbags.serde import SerdeError
from rosbags.typesys import (
    Stores,
    TypesysError,
    get_types_from_idl,
    get_types_from_msg,
    get_typestore,
)
from rosbags.typesys.store import Typestore

from converter.errors import RecordingError
from converter.recordings.definitions.vision_definitions import VISION_DEFINITIONS
from converter.recordings.recorded_message import MessageDefinition, RecordedMessage
from trt_inference.printable import printable, shortened

_LONGEST_DEFINITION = 2**16  # characters; the longest of common messages has 20000
_MOST_IN_ARRAYS = 10_000  # values in all arrays of fixed size; rosbags writes code for each
_SEPARATOR = "=" * 80 + "\n"
_MOST_KEPT = 64  # definitions
# What rosbags raises for definitions and messages that it does not like: most errors have no
# class of their own, and are those of Python code that it made of the definition.
_ERRORS = (
    *(TypesysError, SerdeError, LookupError, ValueError, TypeError, AttributeError),
    *(ArithmeticError, RecursionError, SyntaxError, NameError, AssertionError, MemoryError),
)


_lock = threading.Lock()  # rosbags registers types in a place of the whole process


def deserialize_message(message: RecordedMessage) -> Any:
    """An object with the fields of the message; arrays may be views of its data.

    Two recordings may define a type differently: each message is read by the definition of its
    own. Several threads may do so at once.

    Raises:
        RecordingError: the type is not known, its definition cannot be used, or the data are not
            those of such a message.
    """
    try:
        with _lock:
            store = _store_of(message.type, message.definition)
            store.get_msgdef(message.type)
        return store.deserialize_cdr(message.data, message.type)
    except _ERRORS as error:
        reason = shortened(printable(f"{type(error).__name__}: {error}"))
        raise RecordingError(
            f"a message of {printable(message.topic)} cannot be read as "
            f"{printable(message.type)}: {reason}"
        ) from error


@functools.lru_cache(_MOST_KEPT)
def _store_of(type_name: str, definition: MessageDefinition) -> Typestore:
    """With that type, and what it consists of."""
    if not definition.text:
        return _own_store(type_name)
    if len(definition.text) > _LONGEST_DEFINITION:
        raise ValueError(f"its definition has {len(definition.text)} characters")
    is_idl = definition.encoding == "ros2idl"
    types = (
        _types_of_idl(definition.text) if is_idl else get_types_from_msg(definition.text, type_name)
    )
    _check_arrays(types)
    store = get_typestore(Stores.EMPTY)
    store.register(types)
    return store


def _types_of_idl(text: str) -> dict[str, Any]:
    """Of one definition, or of several with a line before each that names it."""
    if "<<" in text:  # a few characters can make a number that no memory takes
        raise ValueError("its definition computes numbers")
    if not text.startswith(f"{_SEPARATOR}IDL: "):
        return dict(get_types_from_idl(text))
    types: dict[str, Any] = {}
    for part in text.split(_SEPARATOR)[1:]:
        types.update(get_types_from_idl(part.partition("\n")[2]))
    return types


def _own_store(type_name: str) -> Typestore:
    """Common types, and those of vision_msgs, which rosbags does not have."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    for name, text in VISION_DEFINITIONS.items():
        store.register(get_types_from_msg(text, name))
    if type_name not in store.fielddefs:
        raise ValueError("the recording has no definition of it")
    return store


def _check_arrays(types: Any) -> None:
    fields = itertools.chain.from_iterable(fields for _, fields in types.values())
    values = sum(what[1] for _, (kind, what) in fields if kind == Nodetype.ARRAY)
    if values > _MOST_IN_ARRAYS:
        raise ValueError(f"its definition has arrays of {values} values")
