"""What the table of nodes on a GPU has rows for: one node with its cameras."""

import itertools
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Dict, Iterator, Mapping, Optional, Sequence, Set, Tuple

STAGES = ("wait", "preprocess", "inference", "postprocess", "publish", "node", "age")
PERCENTILES = ("p50", "p95", "p99")
# By how much the node may be later than its engine, in ms: of the median, and of p99.
TARGETS = {"p50": 1.5, "p99": 3.0}


@dataclass(frozen=True)
class NodeCase:
    """What is measured in one row.

    Attributes:
        tree: folder of the checkout whose node runs.
        width, height: of the images of each camera.
    """

    tree: Path
    bundle: Path
    precision: str
    width: int
    height: int
    cameras: int

    @property
    def key(self) -> Tuple[str, ...]:
        """By which it is found again in a file of rows."""
        size = f"{self.width}x{self.height}"
        return str(self.tree), self.bundle.name, self.precision, size, str(self.cameras)


@dataclass(frozen=True)
class NodeRow:
    """What came of it; times in milliseconds.

    Attributes:
        engine: percentiles of the engine alone, run as often, before and after the node.
        stages: percentiles by stage, as ``~/latency`` has them.
        rate: images a second that were inferred, of all cameras.
        missing: images that were dropped, rejected or lost by the middleware meanwhile.
        cores: of the processor that the node kept busy.
        memory: resident bytes of the node.
        failure: why there is no more; empty where there is.
    """

    key: Tuple[str, ...]
    engine: Mapping[str, float] = field(default_factory=dict)
    stages: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    rate: float = 0.0
    missing: Mapping[str, int] = field(default_factory=dict)
    cores: float = 0.0
    memory: int = 0
    failure: str = ""

    def beyond(self, percentile: str) -> Optional[float]:
        """By how much the node is later than its engine; None where one was not measured."""
        if percentile not in self.engine or "node" not in self.stages:
            return None
        return self.stages["node"][percentile] - self.engine[percentile]


def node_cases(
    trees: Sequence[Path],
    bundles: Sequence[Path],
    precisions: Sequence[str],
    sizes: Sequence[Tuple[int, int]],
    cameras: Sequence[int],
) -> Iterator[NodeCase]:
    """All combinations. Those of one engine follow each other, and those of the trees that differ
    in nothing else, so that a change of the machine's pace concerns both."""
    for bundle, precision, count, (width, height), tree in itertools.product(
        bundles, precisions, cameras, sizes, trees
    ):
        yield NodeCase(tree, bundle, precision, width, height, count)


def keep_row(file: Path, row: NodeRow) -> None:
    """Append a row to a file of JSON lines."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(row)) + "\n")


def measured(file: Path) -> Set[Tuple[str, ...]]:
    """The keys of a file's rows that did not fail; none where it does not exist."""
    if not file.exists():
        return set()
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    return {tuple(row["key"]) for row in rows if not row["failure"]}


def markdown_head() -> str:
    """The first two lines of the table."""
    names = ["tree", "bundle", "precision", "images", "cameras", "engine", *STAGES]
    names += ["node - engine", "images/s", "missing", "cores", "MB"]
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"


def markdown(row: NodeRow) -> str:
    """A row of the table: percentiles as p50 / p95 / p99."""
    tree, *others = row.key
    cells = [Path(tree).name, *others]
    if row.failure:
        return f"| {' | '.join(cells)} | {row.failure} |"
    cells += [_percentiles(row.engine), *(_percentiles(row.stages.get(s, {})) for s in STAGES)]
    cells += [_verdict(row), f"{row.rate:.1f}"]
    lost = ", ".join(f"{count} {name}" for name, count in row.missing.items() if count)
    cells += [lost or "0", f"{row.cores:.2f}", f"{row.memory / 1e6:.0f}"]
    return f"| {' | '.join(cells)} |"


def _percentiles(values: Mapping[str, float]) -> str:
    return " / ".join(f"{values[name]:.2f}" for name in PERCENTILES if name in values)


def _verdict(row: NodeRow) -> str:
    """Median and p99, each marked where it misses its target."""
    parts: Dict[str, Optional[float]] = {name: row.beyond(name) for name in TARGETS}
    return " / ".join(
        f"{value:.2f}{'' if value <= TARGETS[name] else ' !'}"
        for name, value in parts.items()
        if value is not None
    )
