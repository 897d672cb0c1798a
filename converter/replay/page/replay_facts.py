"""Facts, tables and bars of a replay beside its differences."""

from converter.replay.results.class_tables import class_table
from converter.replay.results.replay_results import (
    ClassTally,
    ReplayedTopic,
    ReplayResults,
    SideFacts,
    SkippedKind,
)
from converter.replay.results.replay_wording import (
    count_text,
    name_text,
    share_text,
    text_in_line,
)
from converter.tables.wording import Bar, Fact, Table, bars


def tile_facts(results: ReplayResults) -> tuple[Fact, ...]:
    """The figures that matter."""
    total = results.total
    differing = share_text(results.differing, results.compared)
    first = (
        Fact("images compared", f"{results.compared:,}"),
        Fact(
            f"images that differ: {differing}", f"{results.differing:,}", _care(results.differing)
        ),
    )
    if not results.compared:
        return first[:1]
    return (*first, *_TILES.get(results.task, _detection_tiles)(total), *_accuracy_tiles(results))


def _detection_tiles(total: ClassTally) -> tuple[Fact, ...]:
    faded = f", {count_text(total.faded)} of them faded" if total.faded else ""
    lost = f"lost of {count_text(total.before)}{faded}" if total.lost else "lost"
    return (
        Fact(lost, count_text(total.lost), _care(total.lost)),
        Fact("new", count_text(total.new), _care(total.new)),
        Fact("other class", count_text(total.other_class), _care(total.other_class)),
        Fact("moved", count_text(total.moved)),
        Fact("score shifted", count_text(total.score_shifted)),
    )


def _class_tiles(total: ClassTally) -> tuple[Fact, ...]:
    return (
        Fact("get another class", count_text(total.other_class), _care(total.other_class)),
        Fact("get none any more", count_text(total.lost), _care(total.lost)),
        Fact("get one that got none", count_text(total.new), _care(total.new)),
        Fact("score shifted", count_text(total.score_shifted)),
    )


def _pixel_tiles(total: ClassTally) -> tuple[Fact, ...]:
    part = total.gone
    return (Fact("of the pixels have another class", share_text(part, total.before), _care(part)),)


_TILES = {"classification": _class_tiles, "segmentation": _pixel_tiles}


def _accuracy_tiles(results: ReplayResults) -> tuple[Fact, ...]:
    if results.accuracy is None:
        return ()
    (name, before), (_, after) = (one.main_figure for one in results.accuracy)
    drop = before - after
    change = f"{_change(drop)} the baseline’s {before:.4f}"
    return (Fact(f"{name}, {change}", f"{after:.4f}", _care(round(drop, 4))),)


def _care(value: float) -> str:
    return "care" if value > 0 else ""


def _change(drop: float) -> str:
    if round(abs(drop), 4) == 0:
        return "as"
    return f"{abs(drop):.4f} {'less' if drop > 0 else 'more'} than"


def accuracy_of_both(results: ReplayResults) -> Table | None:
    """mAP of both sides; None without annotations."""
    if results.accuracy is None:
        return None
    before, after = (one.figures for one in results.accuracy)
    rows = tuple(
        (name, f"{before[name]:.4f}", f"{after[name]:.4f}", f"{after[name] - before[name]:+.4f}")
        for name in before
    )
    images = f"{results.labelled:,} labelled image{'' if results.labelled == 1 else 's'}"
    return Table(f"Accuracy on {images}", ("baseline", "candidate", "difference"), rows)


def sides_table(before: SideFacts, after: SideFacts) -> Table:
    """What both sides are."""
    sides = (before, after)
    return Table(
        "Baseline and candidate",
        ("baseline", "candidate"),
        (
            ("what", *(name_text(one.title) for one in sides)),
            ("run by", *(text_in_line(one.details) for one in sides)),
            ("published from score", *(_threshold(one) for one in sides)),
            ("images with NaN or infinity", *(f"{one.not_finite:,}" for one in sides)),
            ("images without a result", *(f"{one.missing:,}" for one in sides)),
        ),
    )


def _threshold(side: SideFacts) -> str:
    return "not known" if side.score_threshold is None else f"{side.score_threshold:g}"


def camera_table(topics: tuple[ReplayedTopic, ...]) -> Table:
    """How many images of each camera were recorded, chosen and compared."""
    rows = tuple(
        (
            name_text(one.name),
            name_text(one.type).replace("/msg/", "/"),
            *(f"{number:,}" for number in (one.recorded, one.chosen, one.compared)),
        )
        for one in topics
    )
    return Table("Cameras", ("type", "recorded", "chosen", "compared"), rows)


def skipped_table(skipped: tuple[SkippedKind, ...]) -> Table:
    """Images that were not compared, and why."""
    rows = tuple(
        (name_text(one.topic), name_text(one.kind), f"{one.images:,}", text_in_line(one.example))
        for one in skipped
    )
    return Table("What was skipped, and why", ("why", "images", "the first of them"), rows)


def stage_times(results: ReplayResults) -> tuple[Bar, ...]:
    """The median of each stage as bars."""
    stages = results.speed.stages
    return bars([(name_text(name), f"{value:.2f} ms", value, "") for name, value in stages])


def speed_facts(results: ReplayResults) -> tuple[Fact, ...]:
    """Images a second, beside the engines alone."""
    speed = results.speed
    facts = [Fact("images a second, all together", f"{speed.replay:,.1f}")]
    if speed.bare is not None:
        facts.append(Fact("images a second, the engines alone", f"{speed.bare:,.1f}"))
    if speed.share is not None:
        facts.append(Fact("of the engines’ rate", f"{100 * speed.share:.0f} %"))
    return tuple(facts)


def most_changed(results: ReplayResults, count: int = 3) -> str:
    """The classes that lose the largest part, of those that lose anything: ``person 4 %``."""
    table = class_table(results)
    ranked = sorted(
        (row for row in table.rows if row.differs and row.percent > 0), key=lambda row: -row.percent
    )
    return ", ".join(f"{row.name} ({share_text(row.percent, 100)})" for row in ranked[:count])
