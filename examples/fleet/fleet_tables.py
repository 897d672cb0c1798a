"""The tables at the end of the demo, and what in them is not as it should be."""

from typing import Callable, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from rich.console import Console
from rich.table import Table

from examples.fleet.receipts import (
    EITHER,
    NEITHER,
    ROBOT,
    SERVER,
    Phase,
    Receipts,
    Summary,
    summarise,
)
from trt_inference.timing import Percentiles

STOPPED = 5.0  # seconds without a result after which a robot counts as stopped
Summaries = Mapping[str, Sequence[Tuple[Phase, Summary]]]  # by the name of the robot


class Columns(NamedTuple):
    """What a table has beside robot and phase."""

    title: str
    names: Tuple[str, ...]
    cells: Callable[[Summary], List[str]]


def _counts(summary: Summary) -> List[str]:
    by = summary.by
    return [
        str(summary.images),
        str(summary.results),
        *(str(by[who]) for who in (SERVER, ROBOT, EITHER)),
        str(summary.lost),
    ]


def _times(summary: Summary) -> List[str]:
    latencies = ["-"] * 3
    if summary.results:
        of = Percentiles.of(summary.latencies)
        latencies = [f"{value:.0f}" for value in (of.p50, of.p95, summary.latencies.max() * 1e3)]
    first = "-" if summary.first_by_server is None else f"{summary.first_by_server:.2f}"
    return [*latencies, f"{summary.longest_gap:.2f}", first]


COUNTS = Columns(
    "results that were received, and who found them",
    ("images", "results", "by\nserver", "by\nrobot", "either", "lost"),
    _counts,
)
TIMES = Columns(
    "from the camera's stamp to the receipt of the result",
    ("p50\nms", "p95\nms", "max\nms", "longest\ngap, s", "server\nafter, s"),
    _times,
)
LEGEND = """\
by server, by robot: who found the result, by its scores; either: both would have found the same
  While the server works, a robot runs the images itself that get no answer within server_deadline.
lost: images of which no result came; longest gap: the longest time without a result
server after: from the beginning of the phase to the receipt of the first result of the server
"""


def summaries_of(robots: Mapping[str, Receipts], phases: Sequence[Phase]) -> Summaries:
    """What came of each robot in each phase."""
    return {
        robot: [(phase, summarise(receipts, phase)) for phase in phases]
        for robot, receipts in robots.items()
    }


def print_tables(summaries: Summaries, console: Console) -> None:
    """Whose results were received, and when."""
    for columns in (COUNTS, TIMES):
        table = Table("robot", "phase", title=columns.title)
        for name in columns.names:
            table.add_column(name, justify="right")
        for robot, rows in summaries.items():
            for phase, summary in rows:
                table.add_row(robot, phase.name, *columns.cells(summary))
            table.add_section()
        console.print(table)
    console.print(LEGEND, highlight=False, soft_wrap=True)


def conclusions(summaries: Summaries) -> List[str]:
    """A sentence for each robot about all phases, of which the last begins when the server is
    ready again."""
    return [_conclusion(robot, [one for _, one in rows]) for robot, rows in summaries.items()]


def _conclusion(robot: str, rows: Sequence[Summary]) -> str:
    def total(who: str) -> int:
        return sum(one.by[who] for one in rows)

    images, results = sum(one.images for one in rows), sum(one.results for one in rows)
    sentence = (
        f"{robot} published results of {results} of {images} images, {total(SERVER)} by the server "
        f"and {total(ROBOT)} by itself, with {max(one.longest_gap for one in rows):.2f} s between "
        "two of them at most."
    )
    back = rows[-1].first_by_server
    if back is None:
        return sentence
    return f"{sentence} It was back on the server {back:.1f} s after that was ready again."


def problems_of(summaries: Summaries) -> List[str]:
    """What should not have happened, a sentence each. In the last phase, the server is to answer
    again."""
    return [
        f"{robot} {problem}" for robot, rows in summaries.items() for problem in _problems(rows)
    ]


def _problems(rows: Sequence[Tuple[Phase, Summary]]) -> Iterator[str]:
    for phase, summary in rows:
        where = f"in the phase '{phase.name}'"
        if not summary.results:
            yield f"published no result {where}"
        elif summary.longest_gap > STOPPED:
            yield f"published no result for {summary.longest_gap:.1f} s {where}"
        if summary.by[NEITHER]:
            yield f"published {summary.by[NEITHER]} results {where} that neither engine finds"
        if summary.twice:
            yield f"published two results of {summary.twice} images {where}"
    if not rows[-1][1].by[SERVER]:
        yield "did not come back to the server"
