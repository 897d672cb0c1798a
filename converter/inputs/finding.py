"""What was found out about a model beside its graph, and what had to be assumed."""

from dataclasses import dataclass
from typing import Tuple


@dataclass(frozen=True)
class Finding:
    """One thing that the converter found out or assumed about what a model wants.

    Attributes:
        subject: what it is about, in a word: ``pixels``, ``fit``, ``labels``, ``size``, ``task``.
        text: what was found and what shows it, a clause such as ``0 to 255, because the graph
            scales them itself (layer rescaling)``; of an assumption also the option that changes
            it.
        assumed: nothing shows it; it is only usual.
        caution: it contradicts an option, a file or the model, so that one of them is wrong.
        columns, rows: the evidence as a table, for people; none where the text tells it all.
    """

    subject: str
    text: str
    assumed: bool = False
    columns: Tuple[str, ...] = ()
    rows: Tuple[Tuple[str, ...], ...] = ()
    caution: bool = False
