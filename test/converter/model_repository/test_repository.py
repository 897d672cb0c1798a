"""However an export ends, a server finds whole models with whole versions, or what was there."""

import contextlib
import errno
import fcntl
import itertools
import os
import re
import signal
import stat
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from converter.errors import ModelRepositoryError
from converter.model_repository.model_folder import read_model_folder
from test.converter.command_line import finish, start
from test.converter.model_repository.exported import (
    as_a_server_finds_it,
    contents,
    export,
    read_config,
    told,
)
from test.full_disk import largest_file
from trt_inference.bundles.bundle import load_bundle

# What an export does to the disk, by the names of the functions that it calls.
STEPS = (
    (Path, "mkdir"),
    (Path, "rename"),
    (Path, "replace"),
    (Path, "write_bytes"),
    (os, "fsync"),
)


@contextlib.contextmanager
def each_step(at: Callable[[float], None]) -> Iterator[None]:
    """Call ``at`` with the number of each step, from 0, before it is taken, and with that and a
    half after it."""
    numbers = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in STEPS:
            patch.setattr(owner, name, _watched(getattr(owner, name), at, numbers))
        yield


def _watched(real: Callable[..., Any], at: Callable[[float], None], numbers: Iterator[int]) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        number = next(numbers)
        at(number)
        result = real(*arguments, **named)
        at(number + 0.5)
        return result

    return call


def failing_at(where: float, error: BaseException) -> Callable[[float], None]:
    def at(number: float) -> None:
        if number == where:
            raise error

    return at


def export_in_a_child(bundle: Path, repository: Path, where: float) -> int:
    """Export in a process that is killed at a step; how it ended."""

    def kill(number: float) -> None:
        if number == where:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        code = 1
        try:
            with each_step(kill):
                export(bundle, repository)
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def versions_of(repository: Path) -> List[int]:
    return as_a_server_finds_it(repository).get("colors", []) if repository.exists() else []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """In a folder of its own, so that what is left beside it is seen."""
    (tmp_path / "srv").mkdir()
    return tmp_path / "srv" / "models"


@pytest.fixture(params=["new repository", "new model", "new version"])
def begun(request: Any, color_bundle: Path, repository: Path) -> Path:
    """The repository as an export of the bundle finds it."""
    if request.param == "new model":
        export(color_bundle, repository, model="other")
    if request.param == "new version":
        export(color_bundle, repository)
    return repository


def test_exports_are_versions_of_which_each_is_told(color_bundle: Path, repository: Path) -> None:
    first = load_bundle(color_bundle).manifest_sha256
    assert export(color_bundle, repository).version == 1
    assert export(color_bundle, repository).version == 2
    assert as_a_server_finds_it(repository) == {"colors": [1, 2]}
    assert [(one.version, one.sha256) for one in told(repository / "colors")] == [
        (2, first),
        (1, first),
    ]
    assert [one.name for one in repository.parent.iterdir()] == ["models"]
    assert set(contents(repository / "colors" / "2")) == {"model.onnx", "model.py"}


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))],
    ids=["interrupted", "full disk"],
)
def test_an_export_that_ends_anywhere_leaves_the_old_or_the_new(
    error: BaseException, color_bundle: Path, begun: Path
) -> None:
    """Before each thing that it does to the disk, and right after it."""
    ended_whole, where = False, 0.0
    while not ended_whole:
        before, versions = contents(begun.parent), versions_of(begun)
        with each_step(failing_at(where, error)):
            try:
                export(color_bundle, begun)
                ended_whole = True
            except type(error):
                pass
        after = contents(begun.parent)
        if after != before:  # it was over but for tidying
            assert versions_of(begun) == [*versions, max(versions, default=0) + 1]
            assert not [name for name in after if "partial" in name]
        where += 0.5
    assert where > 5


@pytest.mark.parametrize(
    "begun",
    [
        "new version",
        pytest.param("new model", marks=pytest.mark.long),
        pytest.param("new repository", marks=pytest.mark.long),
    ],
    indirect=True,
)
def test_after_a_kill_anywhere_a_server_finds_whole_models_and_the_next_export_cleans_up(
    color_bundle: Path, begun: Path
) -> None:
    ended, where = -1, 0.0
    while ended != 0:
        before = as_a_server_finds_it(begun) if begun.exists() else {}
        ended = export_in_a_child(color_bundle, begun, where)
        assert ended in (0, signal.SIGKILL)
        after = as_a_server_finds_it(begun) if begun.exists() else {}
        assert all(after[model][: len(old)] == old for model, old in before.items())
        assert sum(map(len, after.values())) - sum(map(len, before.values())) in (0, 1)
        where += 0.5
    assert where > 5
    export(color_bundle, begun)
    assert [one.name for one in begun.parent.iterdir()] == ["models"]
    names = {one.name for one in (begun / "colors").iterdir()}
    assert {name for name in names if not name.isdigit()} == {"config.pbtxt"}


def test_a_number_is_not_taken_twice_after_a_roll_back(
    color_bundle: Path, repository: Path
) -> None:
    """Robots may still ask for the version that was removed, and must not get another one."""
    for _ in range(3):
        export(color_bundle, repository)
    newest = repository / "colors" / "3"
    for file in newest.iterdir():
        file.unlink()
    newest.rmdir()
    assert export(color_bundle, repository).version == 4
    assert [one.version for one in told(repository / "colors")] == [4, 2, 1]


def test_a_version_of_somebody_else_keeps_its_number(color_bundle: Path, repository: Path) -> None:
    export(color_bundle, repository)
    (repository / "colors" / "7").mkdir()
    assert export(color_bundle, repository).version == 8
    assert [one.version for one in told(repository / "colors")] == [8, 1]


def test_exports_at_once_get_numbers_of_their_own(color_bundle: Path, repository: Path) -> None:
    command = ("export-triton", color_bundle, repository, "--platform", "python")
    processes = [start(*command) for _ in range(3)]
    for process in processes:
        result = finish(process)
        assert result.exit_code == 0, result.output
    assert as_a_server_finds_it(repository) == {"colors": [1, 2, 3]}
    assert [one.name for one in repository.parent.iterdir()] == ["models"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_export_that_waits_for_another_tells_so_and_can_be_ended(
    number: signal.Signals, color_bundle: Path, repository: Path
) -> None:
    repository.mkdir()
    before = contents(repository.parent)
    descriptor = os.open(str(repository), os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    process = start("export-triton", color_bundle, repository, "--platform", "python")
    try:
        assert process.stdout is not None
        assert "waiting for its end" in process.stdout.readline()
        process.send_signal(number)
        result = finish(process)
    finally:
        process.kill()
        os.close(descriptor)
    assert result.exit_code == 130
    assert "interrupted, the repository has what it had before" in result.output
    assert contents(repository.parent) == before


def test_an_export_that_waits_goes_on_when_the_other_one_ends(
    color_bundle: Path, repository: Path
) -> None:
    repository.mkdir()
    descriptor = os.open(str(repository), os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    process = start("export-triton", color_bundle, repository, "--platform", "python")
    assert process.stdout is not None
    assert "waiting for its end" in process.stdout.readline()
    os.close(descriptor)
    assert finish(process).exit_code == 0
    assert as_a_server_finds_it(repository) == {"colors": [1]}


def test_a_full_disk_leaves_the_repository_as_it_was(color_bundle: Path, begun: Path) -> None:
    before = contents(begun.parent)
    size = (color_bundle / "fp32.onnx").stat().st_size
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with largest_file(size - 1), pytest.raises(OSError, match="File too large"):
            export(color_bundle, begun)
    finally:
        signal.signal(signal.SIGXFSZ, handler)
    assert contents(begun.parent) == before


@pytest.mark.parametrize("step", ["mkdir", "rename"])
def test_a_repository_that_is_another_disk_is_refused_with_a_way_out(
    step: str, color_bundle: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mounted volume, beside which nothing may be written, or from where nothing can be moved."""
    repository.mkdir()
    real = getattr(Path, step)

    def refuse(path: Path, *arguments: Any, **named: Any) -> Any:
        if ".partial-" in str(path):
            code = errno.EACCES if step == "mkdir" else errno.EXDEV
            raise OSError(code, os.strerror(code))
        return real(path, *arguments, **named)

    monkeypatch.setattr(Path, step, refuse)
    with pytest.raises(ModelRepositoryError, match="give a folder inside of it as the repository"):
        export(color_bundle, repository)
    assert list(repository.parent.iterdir()) == [repository]
    assert list(repository.iterdir()) == []


def test_nothing_changes_in_a_model_that_is_served_until_its_new_version_is_whole(
    color_bundle: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that polls would load it again, for each time that it looks."""
    export(color_bundle, repository)
    model = repository / "colors"
    before, seen = model.stat().st_mtime_ns, []
    sync = os.fsync

    def look(descriptor: int) -> None:
        seen.append((model.stat().st_mtime_ns, len(list(model.iterdir()))))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    assert export(color_bundle, repository).version == 2
    assert set(seen) == {(before, 2)}
    assert [one.name for one in repository.parent.iterdir()] == ["models"]


@pytest.mark.parametrize("step", ["mkdir", "replace"])
@pytest.mark.parametrize("code", [errno.EACCES, errno.EXDEV])
def test_where_nothing_can_be_made_beside_the_repository_versions_are_made_in_their_model(
    step: str,
    code: int,
    color_bundle: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export(color_bundle, repository)
    real = getattr(Path, step)

    def refuse(path: Path, *arguments: Any, **named: Any) -> Any:
        if path.is_relative_to(repository):
            return real(path, *arguments, **named)
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(Path, step, refuse)
        result = export(color_bundle, repository)
    assert [name for name, _ in result.files] == ["model.py", "model.onnx"]
    assert as_a_server_finds_it(repository) == {"colors": [1, 2]}
    assert [one.name for one in repository.parent.iterdir()] == ["models"]
    assert {one.name for one in (repository / "colors").iterdir()} == {"1", "2", "config.pbtxt"}


def test_what_a_killed_export_left_in_a_model_is_removed(
    color_bundle: Path, repository: Path
) -> None:
    export(color_bundle, repository)
    (repository / "colors" / ".partial-1" / "2").mkdir(parents=True)
    export(color_bundle, repository)
    assert {one.name for one in (repository / "colors").iterdir()} == {"1", "2", "config.pbtxt"}


def test_a_repository_behind_a_link_is_written_where_it_is(
    color_bundle: Path, repository: Path, tmp_path: Path
) -> None:
    repository.mkdir()
    link = tmp_path / "link"
    link.symlink_to(repository, target_is_directory=True)
    assert export(color_bundle, link).folder == repository / "colors" / "1"
    assert as_a_server_finds_it(repository) == {"colors": [1]}


def broken(text: str) -> Callable[[Path], object]:
    return lambda model: (model / "config.pbtxt").write_text(text, "utf-8")


def no_config(model: Path) -> None:
    (model / "config.pbtxt").unlink()


def config_elsewhere(model: Path) -> None:
    other = model.parent.parent / "other.pbtxt"
    (model / "config.pbtxt").rename(other)
    (model / "config.pbtxt").symlink_to(other)


def endless_config(model: Path) -> None:
    no_config(model)
    os.mkfifo(str(model / "config.pbtxt"))


def last_version(model: Path) -> None:
    """A folder with a number that robots would not find."""
    (model / str(10**18)).mkdir()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (broken("name: 3"), "no configuration of Triton"),
        (broken('colour: "red"'), 'no field named "colour"'),
        (broken('name: "colors" backend: "python"'), "tells of no bundle"),
        (broken(""), "tells of no bundle"),
        (no_config, "it has no config.pbtxt"),
        (config_elsewhere, "no regular file"),
        (endless_config, "no regular file"),
        (last_version, f"its version {10**18} is the last one"),
        (lambda model: (model / "config.pbtxt").write_bytes(b"name: '\xff'"), "no UTF-8"),
    ],
)
def test_what_no_export_wrote_stays_as_it_is(
    change: Callable[[Path], object], reason: str, color_bundle: Path, repository: Path
) -> None:
    export(color_bundle, repository)
    model = repository / "colors"
    change(model)
    before = sorted((str(one), stat.S_IFMT(one.lstat().st_mode)) for one in model.rglob("*"))
    with pytest.raises(ModelRepositoryError, match="Choose another name by --model") as error:
        export(color_bundle, repository)
    assert reason in str(error.value)
    assert before == sorted(
        (str(one), stat.S_IFMT(one.lstat().st_mode)) for one in model.rglob("*")
    )
    export(color_bundle, repository, model="other")


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")])
def test_a_name_that_is_no_folder_is_refused(
    make: Callable[[Path], object], color_bundle: Path, repository: Path
) -> None:
    repository.mkdir()
    make(repository / "colors")
    with pytest.raises(ModelRepositoryError, match="Choose another name by --model"):
        export(color_bundle, repository)


def test_what_people_changed_in_a_configuration_stays(color_bundle: Path, repository: Path) -> None:
    export(color_bundle, repository, batch=4)
    file = repository / "colors" / "config.pbtxt"
    text = file.read_text("utf-8")
    text = text.replace("timeout_action: REJECT", "max_queue_size: 7")
    text = text.replace("count: 1", "count: 3")
    text = text.replace('string_value: "0"', 'string_value: "2"')  # threads
    file.write_text(text, "utf-8")
    export(color_bundle, repository)
    config = read_config(repository / "colors")
    assert config.dynamic_batching.default_queue_policy.max_queue_size == 7
    assert config.instance_group[0].count == 3
    assert config.parameters["threads"].string_value == "2"
    assert (config.max_batch_size, len(config.model_warmup)) == (4, 2)
    assert [one.version for one in told(repository / "colors")] == [2, 1]


def test_what_it_runs_on_can_be_chosen_where_somebody_has_removed_that(
    color_bundle: Path, repository: Path
) -> None:
    export(color_bundle, repository, platform="onnxruntime_onnx")
    file = repository / "colors" / "config.pbtxt"
    text, count = re.subn(r"instance_group \{[^}]*\}", "", file.read_text("utf-8"))
    assert count == 1
    file.write_text(text, "utf-8")
    export(color_bundle, repository, platform="onnxruntime_onnx")
    config = read_config(repository / "colors")
    assert len(config.instance_group) == 0
    assert len(config.model_warmup) == 8  # Triton takes a GPU then, if there is one
    export(color_bundle, repository, platform="onnxruntime_onnx", runs_on="cpu")
    (group,) = read_config(repository / "colors").instance_group
    assert group.kind == group.KIND_CPU


def test_parameters_of_versions_that_are_gone_go_too(color_bundle: Path, repository: Path) -> None:
    for _ in range(3):
        export(color_bundle, repository)
    for number in ("1", "2"):
        for file in (repository / "colors" / number).iterdir():
            file.unlink()
        (repository / "colors" / number).rmdir()
    export(color_bundle, repository)
    found = read_config(repository / "colors").parameters
    assert sorted(found) == [
        *("bundle_sha256", "bundle_sha256.3", "bundle_sha256.4"),
        *("precision", "precision.3", "precision.4", "threads"),
    ]


def test_nothing_is_read_where_nothing_is(tmp_path: Path) -> None:
    assert read_model_folder(tmp_path / "colors") is None
