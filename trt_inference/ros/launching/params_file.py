"""Parameter files: which of their sections count for a node, by the rules of rcl and rclpy."""

import re
import tempfile
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional

import yaml

from trt_inference.printable import printable_name

_PARAMETERS = "ros__parameters"
_HOW = f"write 'NAME:' or '/**:', below it '{_PARAMETERS}:', and below that the parameters"


class Section(NamedTuple):
    """The parameters for one node, or for all nodes whose names match a pattern.

    Attributes:
        name: that of the node, as ``/robot1/detector``, or a pattern, as ``/**``.
        root_key: the key of the file with this name; None where several keys make the name.
    """

    name: str
    root_key: Optional[yaml.ScalarNode]

    def is_for(self, node: str) -> bool:
        """Whether it counts for the node with this full name. ``*`` stands for one part of a name,
        and ``**`` for any number of them."""
        if not re.fullmatch(r"[\w/*]+", self.name, re.ASCII):
            return False
        # A name that ROS does not allow is for the launch system to report.
        pattern = self.name.replace("/*", "(/[^/]+)")
        return re.fullmatch(pattern, node, re.ASCII) is not None


class ParamsFile:
    """A parameter file that a launch file was given.

    What rcl refuses inside of a section is for the node's process to report: no other parser
    refuses the same.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            ValueError: it cannot be read, is no YAML, or sets nothing for any node.
        """
        self._shown = printable_name(path)
        self._documents = _read(path)
        self.sections = [one for root in self._documents for one in _sections(root)]
        if not self.sections:
            raise ValueError(f"params_file {self._shown} sets no parameters: {_HOW}")

    def is_for(self, node: str) -> bool:
        """Whether it sets anything for the node with this full name."""
        return any(section.is_for(node) for section in self.sections)

    def in_namespace(self, node: str) -> Optional[Path]:
        """A temporary copy in which the sections that lack only the namespace of ``node`` have it,
        as nav2's launch files do. None where there are none, or where another section has the
        full name: then the shorter one is for another node."""
        short = f"/{node.rpartition('/')[2]}"
        names = [section.name for section in self.sections]
        keys = [one.root_key for one in self.sections if one.name == short and one.root_key]
        if node in names or not keys:
            return None
        for key in keys:
            key.value = node
        with tempfile.NamedTemporaryFile(
            "w", prefix="launch_params_", suffix=".yaml", delete=False, encoding="utf-8"
        ) as copy:
            yaml.serialize_all(self._documents, copy, allow_unicode=True)
        return Path(copy.name)

    def describe_mismatch(self, node: str) -> str:
        """Why nothing of it counts for ``node``, and what to do."""
        names = ", ".join(sorted({section.name for section in self.sections}))
        return (
            f"params_file {self._shown} sets nothing for the node {node}, which takes its "
            f"defaults: the file has sections for {names}. To set its parameters, name a section "
            f"'{node}', '{node.rpartition('/')[2]}' or '/**'"
        )


def _read(path: Path) -> List[yaml.Node]:
    """The documents of a YAML file, as they are written: nothing is made of the values."""
    try:
        with path.open("rb") as stream:
            return list(yaml.compose_all(stream, yaml.SafeLoader))
    except OSError as error:
        raise ValueError(
            f"params_file {printable_name(path)} cannot be read: {error.strerror}"
        ) from error
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"params_file {printable_name(path)} is no YAML: {reason}") from error


def _sections(
    node: yaml.Node, outer: str = "", key: Optional[yaml.ScalarNode] = None
) -> Iterator[Section]:
    """The sections in ``node``, whose keys up to here make the name ``outer``."""
    if not isinstance(node, yaml.MappingNode):
        return
    for inner, value in node.value:
        if not isinstance(inner, yaml.ScalarNode):
            continue
        if not inner.value.startswith(_PARAMETERS):
            name = outer.rstrip("/") + "/" + inner.value.lstrip("/")
            yield from _sections(value, name, None if outer else inner)
        elif outer:
            yield Section(outer, key)
