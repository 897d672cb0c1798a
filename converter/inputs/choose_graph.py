"""Choose one of the graphs that a SavedModel contains, by its tags.

TensorFlow 2 writes one graph, with the tag ``serve``. TensorFlow 1 may write several: its Hub
modules have one without any tag for inference and one with ``train``, and exports for TPUs have
one with ``serve`` and one with ``serve`` and ``tpu``.
"""

from typing import Any, Optional, Sequence, Tuple

from converter.errors import SavedModelError

_USUAL = {"serve"}
_TRAINING = "train"
_ELSEWHERE = "tpu"  # operators that no other device has


def choose_graph(file: str, graphs: Sequence[Any], tag: Optional[str]) -> Any:
    """Choose one of ``graphs``, which are MetaGraphDefs.

    Args:
        file: that they were read from.
        tag: one tag, several with commas between them, or an empty text for the graph without a
            tag; None takes the one that is meant for inference.

    Raises:
        SavedModelError: there is none, or several to choose from; the message lists them.
    """
    found = _usual(graphs) if tag is None else _with_tags(graphs, _parse(tag))
    if len(found) == 1:
        return found[0]
    listed = ", ".join(describe_tags(_tags(graph)) for graph in graphs)
    choices = " | ".join(_option(_tags(graph)) for graph in graphs)
    fits = "" if tag is None else f"{_option(_parse(tag))} fits {len(found) or 'none'} of them, "
    raise SavedModelError(
        f"'{file}' has {'one graph' if len(graphs) == 1 else f'{len(graphs)} graphs'} ({listed}): "
        f"{fits}choose with {choices}"
    )


def describe_tags(tags: Sequence[str]) -> str:
    """Return the tags of a graph for people."""
    return f"tag{'s' if len(tags) > 1 else ''} {' '.join(tags)}" if tags else "no tag"


def _parse(tag: str) -> Tuple[str, ...]:
    return tuple(one.strip() for one in tag.split(",") if one.strip())


def _with_tags(graphs: Sequence[Any], wanted: Sequence[str]) -> Sequence[Any]:
    """The graphs with these tags and no others, or else with others beside them."""
    same = [graph for graph in graphs if set(_tags(graph)) == set(wanted)]
    more = [graph for graph in graphs if wanted and set(_tags(graph)) > set(wanted)]
    return same or more


def _usual(graphs: Sequence[Any]) -> Sequence[Any]:
    """The graph for inference, or those among which only the user can choose."""
    if len(graphs) == 1:
        return graphs
    served = _with_tags(graphs, tuple(_USUAL))
    others = [graph for graph in graphs if _TRAINING not in _tags(graph)]
    usable = served or others
    return [graph for graph in usable if _ELSEWHERE not in _tags(graph)] or usable


def _tags(graph: Any) -> Tuple[str, ...]:
    return tuple(sorted(graph.meta_info_def.tags))


def _option(tags: Sequence[str]) -> str:
    """How a user asks for the graph with these tags."""
    text = ",".join(tags)
    return f"--tag {text}" if text else '--tag ""'
