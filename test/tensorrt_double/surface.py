"""Which members each version of TensorRT has, and classes that have no others.

``api_surface.json`` is a part of what was read from the real Python bindings: for each version
and each class of the double the names of its members, and for enumerations their values, which
come from the headers of that version. A script of thirty lines wrote it: it reads the full list of
members, keeps these versions and classes, and finds ``enum class NAME`` in ``NvInfer*.h``.
The numbers of 11.4 are those of 11.1's headers, with what is newer behind them.
"""

import functools
import json
from pathlib import Path
from typing import Any, ClassVar, Dict, FrozenSet

SURFACE = Path(__file__).with_name("api_surface.json")

# The values of tensorrt.__version__, and the CUDA that this version usually comes with.
VERSIONS = {
    "8.2.1": ("8.2.1.8", (10, 2)),
    "8.4.1": ("8.4.1.5", (11, 4)),
    "8.6.1": ("8.6.1", (12, 0)),
    "10.3.0": ("10.3.0", (12, 6)),
    "10.13.3": ("10.13.3.9", (13, 0)),
    "11.4.0": ("11.4.0.106", (13, 2)),
}
# For tests of what differs in them: 8.0 has no inspector and gathers from static shapes only. 9 was
# made for servers, and is 8.6 with some of 10. Its surface is that of the sources of the bindings
# and of the headers, in release/9.3 of NVIDIA's repository: read in the same way, those of 8.6 and
# 10.3 give what was read from the bindings. The numbers of 8.0 are those of 8.2.
FURTHER_VERSIONS = {"8.0.1": ("8.0.1.6", (10, 2)), "9.3.0": ("9.3.0.post12.dev1", (12, 2))}
KEYS = {"10.13.3": "10.13.3.9", "11.4.0": "11.4.0.106"}  # as the surface calls them

# pybind11 gives these operators with numbers; the others compare with their own kind only.
ARITHMETIC = {
    "BuilderFlag",
    "EngineCapability",
    "ExecutionContextAllocationStrategy",
    "NetworkDefinitionCreationFlag",
    "Severity",
    "TacticSource",
    "TensorFormat",
}


@functools.lru_cache(maxsize=None)
def read_surface() -> Dict[str, Dict[str, Dict[str, Any]]]:
    """By version and class: ``members``, or ``values`` of an enumeration."""
    return json.loads(SURFACE.read_text("utf-8"))


def classes_of(version: str) -> Dict[str, Dict[str, Any]]:
    """The classes of one version of ``VERSIONS`` or ``FURTHER_VERSIONS``."""
    return read_surface()[KEYS.get(version, version)]


def members_of(version: str, name: str) -> FrozenSet[str]:
    """The public members of class ``name``; empty where that version has no such class."""
    entry = classes_of(version).get(name, {})
    return frozenset(entry.get("members", [])) | frozenset(entry.get("values", {}))


class BoundType(type):
    """pybind11 refuses an object whose subclass did not call the constructor of its base."""

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        made = super().__call__(*arguments, **named)
        if isinstance(made, Bound) and not getattr(made, "_constructed", False):
            raise TypeError(f"{cls.__mro__[1].__name__}.__init__() must be called when overriding")
        return made


class Bound(metaclass=BoundType):
    """The base of what pybind11 would have made: no other attributes can be set.

    ``_api`` is the installation that the class belongs to.
    """

    _api: Any

    def __init__(self) -> None:
        raise TypeError(f"tensorrt.tensorrt.{type(self).__name__}: No constructor defined!")

    @classmethod
    def _make(cls, **state: Any) -> Any:
        """An object that only TensorRT makes."""
        made = cls.__new__(cls)
        made._constructed = True
        for name, value in state.items():
            setattr(made, f"_{name}", value)
        return made

    def __setattr__(self, name: str, value: object) -> None:
        own = "_api" in vars(type(self))  # a subclass in Python takes any attribute
        if own and not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(no_attribute(self, name))
        object.__setattr__(self, name, value)


def no_attribute(owner: object, name: str) -> str:
    """As Python words it."""
    return f"'tensorrt.tensorrt.{type(owner).__name__}' object has no attribute '{name}'"


class NotWritten:
    """A member that the version has and the double does not: touching it is no small matter."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, owner: object, kind: Any) -> Any:
        if owner is None:
            return self
        missing = f"{kind.__name__}.{self._name}"
        kind._api.machine.fail(f"{missing} is real, but the double lacks it: add it")
        return None

    def __set__(self, owner: object, value: object) -> None:
        self.__get__(owner, type(owner))


def versioned(template: Any, api: Any, bases: Any) -> Any:
    """``template`` with the members that ``api.version`` has."""
    name = template.__name__
    members = members_of(api.version, name)
    attributes = {
        key: value
        for key, value in vars(template).items()
        if key in members or (key.startswith("_") and key not in ("__dict__", "__weakref__"))
    }
    inherited = {key for base in template.__mro__[1:] for key in vars(base)}
    for key in members - set(attributes) - inherited:
        attributes[key] = NotWritten(key)
    attributes.update(_api=api, __module__="tensorrt.tensorrt", __qualname__=name)
    return type(template)(name, bases, attributes)


class Enumeration:
    """A value of a pybind11 enumeration: no ``int``, but ``int()`` and ``index`` work."""

    __members__: ClassVar[Dict[str, "Enumeration"]] = {}
    _arithmetic = False

    _value: int

    def __init__(self, value: int) -> None:
        names = [name for name, member in type(self).__members__.items() if member._value == value]
        self._value, self._name = value, names[0] if names else "???"

    @property
    def name(self) -> str:
        """Without the class."""
        return self._name

    @property
    def value(self) -> int:
        """The number of this version."""
        return self._value

    def __int__(self) -> int:
        return self._value

    __index__ = __int__
    __hash__ = __int__

    def _other(self, other: object) -> Any:
        """The number to compare with, or None."""
        if type(other) is type(self):
            return other._value
        return other if self._arithmetic and isinstance(other, int) else None

    def __eq__(self, other: object) -> bool:
        number = self._other(other)
        return number is not None and number == self._value

    def __lt__(self, other: object) -> bool:
        return self._value < self._number(other)

    def __le__(self, other: object) -> bool:
        return self._value <= self._number(other)

    def __gt__(self, other: object) -> bool:
        return self._value > self._number(other)

    def __ge__(self, other: object) -> bool:
        return self._value >= self._number(other)

    def __and__(self, other: object) -> int:
        return self._value & self._number(other)

    def __or__(self, other: object) -> int:
        return self._value | self._number(other)

    __rand__, __ror__ = __and__, __or__

    def _number(self, other: object) -> int:
        number = self._other(other) if self._arithmetic else None
        if number is None:
            raise TypeError(f"{type(self).__name__} has no such operation with {other!r}")
        return number

    def __repr__(self) -> str:
        return f"<{type(self).__name__}.{self._name}: {self._value}>"

    def __str__(self) -> str:
        return f"{type(self).__name__}.{self._name}"


def enumeration(name: str, values: Dict[str, int]) -> Any:
    """The enumeration ``name`` with these values."""
    made: Any = type(
        name,
        (Enumeration,),
        {"_arithmetic": name in ARITHMETIC, "__members__": {}, "__module__": "tensorrt.tensorrt"},
    )
    for member, number in values.items():
        value = made(number)
        value._name = member
        made.__members__[member] = value
        setattr(made, member, value)
    return made
