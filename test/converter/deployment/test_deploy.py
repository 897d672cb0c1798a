"""A bundle is taken to a robot and built there, over the real ssh and a server on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from test.color_bundle import change_manifest, write_color_bundle
from test.converter.command_line import run_here
from test.converter.deployment.robots import (
    FOLDER,
    Deploy,
    contents,
    each_server,
    grow,
    needs_rsync,
    needs_ssh,
)
from test.converter.deployment.ssh_servers import SshRobot
from trt_inference.bundles.bundle import sha256_of_file

pytestmark = needs_ssh
FP32 = ("--precision", "fp32")
COPY = "--no-build"
with_and_without_rsync = pytest.mark.parametrize(
    "has_rsync", [False, pytest.param(True, marks=[needs_rsync, pytest.mark.long])]
)


@each_server
def test_a_bundle_is_copied_without_the_engines_of_this_machine_and_built(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    expected = contents(color_bundle)
    (color_bundle / "engines").mkdir()
    (color_bundle / "engines" / "fp32.engine").write_bytes(b"of this machine")
    robot.give_program('echo "called with $*"')
    result = deploy(color_bundle, *FP32, "--workspace", "1MiB", "--batch", 2, "--dla")
    assert result.exit_code == 0, result.output
    there = robot.home / FOLDER
    assert contents(there) == expected
    options = "--precision fp32 --workspace 1048576 --batch 2 --dla"
    assert f"called with build {there} {options}\n" in result.output
    assert "by ssh" in result.output
    assert f"next, there: trt-inference doctor {there}\n" in result.output
    assert [one.name for one in there.parent.iterdir()] == [there.name]


@needs_rsync
@each_server
def test_rsync_copies_where_both_have_it(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    robot.give_rsync()
    result = deploy(color_bundle, COPY)
    assert result.exit_code == 0, result.output
    assert "by rsync" in result.output
    assert contents(robot.home / FOLDER) == contents(color_bundle)


@with_and_without_rsync
def test_names_that_a_shell_would_obey_are_names(
    has_rsync: bool, robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    folder = '-my robot\'s "best" $(touch ran) `touch ran`; touch ran & *\\n/~x\\'
    if has_rsync:
        robot.give_rsync()
    robot.give_program('printf "<%s>\\n" "$2"')
    for _ in range(2):  # the second call replaces what the first one copied
        grow(color_bundle, 10)
        result = deploy(color_bundle, *FP32, to=f"robot:{folder}")
        assert result.exit_code == 0, result.output
        assert contents(robot.home / folder) == contents(color_bundle)
    assert f"<{robot.home / folder}>" in result.output
    assert not list(robot.home.rglob("ran"))
    assert len(list((robot.home / folder).parent.iterdir())) == 1


# As csh, which knows no quotes over several lines, with a .cshrc that prints.
ODD_SHELL = """if [ -z "$ENTERED" ]; then
    export ENTERED=1
    printf "@ready for %s" "$USER"
    [ "$(printf "%s\\n" "$2" | wc -l)" = 1 ] || {{ echo "Unmatched quote" >&2; exit 1; }}
    case $2 in *\\\\*) echo "a backslash" >&2; exit 1 ;; esac
fi
exec {sh} "$@\""""


@each_server
def test_a_login_shell_with_other_quotes_that_prints_disturbs_nothing(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    robot.give_rsync()
    robot.give_program("echo built")
    file = robot.home / "programs" / "sh"
    file.write_text(f"#!/bin/sh\n{ODD_SHELL.format(sh=shutil.which('sh'))}\n", "utf-8")
    file.chmod(0o755)
    folder = "bundles/it's \\"
    result = deploy(color_bundle, *FP32, to=f"robot:{folder}")
    assert result.exit_code == 0, result.output
    assert "by ssh" in result.output, "rsync does not bear such a shell"
    assert "  built\n" in result.output and "ready for" not in result.output
    assert contents(robot.home / folder) == contents(color_bundle)


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("~/bundles/a/", "bundles/a"),
        ("{home}/b", "b"),
        ("{home}/link", "real"),
    ],
)
def test_folders_begin_at_the_home_there_or_are_absolute(
    to: str, expected: str, robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    write_color_bundle(robot.home / "real")
    (robot.home / "link").symlink_to("real")
    grow(color_bundle, 10)
    result = deploy(color_bundle, COPY, to=f"robot:{to.format(home=robot.home)}")
    assert result.exit_code == 0, result.output
    assert contents(robot.home / expected) == contents(color_bundle)
    assert (robot.home / "link").is_symlink()


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("shapes", "is not USER@HOST:FOLDER"),
        ("-oProxyCommand=touch${IFS}ran:shapes", "no host that ssh takes"),
        ("-l@robot:shapes", "no user that ssh takes"),
        ("robot;touch ran:shapes", "no host that ssh takes"),
        ("@robot:shapes", "no user that ssh takes"),
        (":shapes", "no host that ssh takes"),
        ("robot:", "does not name the folder"),
        ("robot:/", "does not name the folder"),
        ("robot:bundles/..", "does not name the folder"),
        ("robot:~other/shapes", "does not see the ~"),
        ("robot:a\nb", "cannot be shown"),
    ],
)
def test_a_hostile_or_incomplete_destination_is_refused_before_ssh_runs(
    to: str, said: str, color_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", "utf-8")
    ssh.chmod(0o755)
    given = ("--ssh", ssh, COPY, "--", color_bundle, to)
    result = run_here(capsys, "deploy", *given)
    result.refused(said)
    assert not (tmp_path / "ran").exists()


def test_an_ipv6_address_goes_to_ssh_without_its_brackets(
    color_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/words\nexit 255\n', "utf-8")
    ssh.chmod(0o755)
    run_here(capsys, "deploy", color_bundle, "me@[fe80::1%eth0]:shapes", "--ssh", ssh, COPY)
    words = (tmp_path / "words").read_text("utf-8").splitlines()
    assert words[words.index("--") + 1] == "me@fe80::1%eth0"


@with_and_without_rsync
def test_what_is_there_is_not_sent_again_and_what_differs_is(
    has_rsync: bool, robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    if has_rsync:
        robot.give_rsync()
    size = 1_000_000
    grow(color_bundle, size)
    assert deploy(color_bundle, COPY).exit_code == 0
    model = robot.home / FOLDER / "fp32.onnx"
    first, number = robot.proxy.received, model.stat().st_ino
    again = deploy(color_bundle, COPY)
    assert again.exit_code == 0
    assert "nothing was to be sent" in again.output
    assert robot.proxy.received - first < size / 2
    assert model.stat().st_ino == number

    with model.open("r+b") as stream:  # as of a bad card
        stream.seek(500)
        stream.write(b"changed")
    assert sha256_of_file(model) != sha256_of_file(color_bundle / "fp32.onnx")
    mended = deploy(color_bundle, COPY)
    assert "1 file sent" in mended.output
    assert contents(model.parent) == contents(color_bundle)


CORRUPT = """case $(readlink /proc/$$/fd/1) in *.part) ;; *) exec {cat} ;; esac
[ -e {mark} ] && exec {cat}
{then}
{cat} | tr a b"""


def test_a_file_that_arrives_wrong_is_sent_once_more(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    mark, cat = robot.home / "mark", shutil.which("cat")
    robot.give("cat", CORRUPT.format(cat=cat, mark=mark, then=f"touch {mark}"))
    result = deploy(color_bundle, COPY)
    assert mark.exists()
    assert result.exit_code == 0, result.output
    assert contents(robot.home / FOLDER) == contents(color_bundle)


def test_a_file_that_arrives_wrong_twice_is_refused_and_the_old_bundle_stays(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    assert deploy(color_bundle, COPY).exit_code == 0
    before = contents(robot.home / FOLDER)
    robot.give("cat", CORRUPT.format(cat=shutil.which("cat"), mark="/nowhere", then=":"))
    grow(color_bundle, 10_000)
    deploy(color_bundle, COPY).refused("another sha256, 2 times", "The bundle there is as it was")
    assert contents(robot.home / FOLDER) == before


FULL = 'echo "Filesystem 1024-blocks ..."; echo "/dev/mmcblk0p1 1000 800 200 80% /"'


def test_a_full_disk_is_told_before_anything_is_sent(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    line = "/dev/mmcblk0p1 1000 800 200 80% /"
    robot.give(
        "df", f'echo "Filesystem 1024-blocks Used Available Capacity Mounted"; echo "{line}"'
    )
    grow(color_bundle, 1_000_000)
    result = deploy(color_bundle, COPY)
    result.refused("the disk of robot is full: 1.0 MB are to be copied", "0.2 MB are free")
    assert robot.proxy.received < 500_000
    assert not (robot.home / FOLDER).exists()


def test_a_disk_that_gets_full_is_told_with_what_goes_on(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    full = "case $(readlink /proc/$$/fd/1) in *.part) exec {cat} >/dev/full ;; esac; exec {cat}"
    robot.give("cat", full.format(cat=shutil.which("cat")))
    result = deploy(color_bundle, COPY)
    assert result.exit_code == 1
    assert "write error: No space left on device. The bundle there is as it was" in result.output
    assert "the same command goes on" in result.output
    assert not (robot.home / FOLDER).exists()


@pytest.mark.parametrize("kind", ["folder", "file", "empty"])
def test_what_is_no_bundle_is_not_replaced(
    kind: str, robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    there = robot.home / FOLDER
    there.parent.mkdir()
    note = there if kind == "file" else there / "note"
    if kind != "file":
        there.mkdir()
    if kind != "empty":
        note.write_text("mine", "utf-8")
    result = deploy(color_bundle, COPY)
    if kind == "empty":
        assert result.exit_code == 0, result.output
        return
    result.refused("it is no bundle")
    assert note.read_text("utf-8") == "mine"


def test_a_mounted_disk_itself_is_refused_before_anything_is_sent(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    (robot.home / "disk").mkdir()
    robot.give("mountpoint", f'[ "$3" = "{robot.home}/disk" ]')
    result = deploy(color_bundle, COPY, to="robot:disk")
    result.refused("a file system is mounted", f"robot:{robot.home}/disk/bundle")
    assert deploy(color_bundle, COPY, to="robot:disk/bundle").exit_code == 0
    assert contents(robot.home / "disk" / "bundle") == contents(color_bundle)


def test_what_another_deploy_changes_meanwhile_is_not_put_in_place(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    assert deploy(color_bundle, COPY).exit_code == 0
    before = contents(robot.home / FOLDER)
    staged = robot.home / FOLDER / ".." / ".colors.deploying" / "fp32.onnx"
    robot.give("sync", f'echo other > "{staged}"')
    grow(color_bundle, 10)
    deploy(color_bundle, COPY).refused("is another deploy to this folder running?")
    assert contents(robot.home / FOLDER) == before
    (robot.home / "programs" / "sync").unlink()
    assert deploy(color_bundle, COPY).exit_code == 0
    assert contents(robot.home / FOLDER) == contents(color_bundle)


OWN = ("model.json", "labels.txt", "fp32.onnx")
ENGINE = "fp32-trt8.2.1-sm53-aarch64"


def put_engine(bundle: Path, model_sha256: str) -> None:
    """A plan with the fields of its sidecar that tell what it is of, and a timing cache."""
    engines = bundle / "engines"
    engines.mkdir()
    (engines / f"{ENGINE}.engine").write_bytes(b"plan")
    sidecar = {"precision": "fp32", "onnx_sha256": model_sha256, "file": f"{ENGINE}.engine"}
    (engines / f"{ENGINE}.json").write_text(json.dumps(sidecar), "utf-8")
    (engines / "timing.cache").write_bytes(b"times")


@pytest.mark.parametrize("can_exchange", [True, False])
def test_engines_and_foreign_files_survive_a_new_bundle_and_stale_engines_are_told(
    can_exchange: bool, robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    if not can_exchange:
        robot.give("perl", "exit 1")
        robot.give("mv", f'case $* in *--exchange*) exit 1 ;; esac; exec {shutil.which("mv")} "$@"')
    assert deploy(color_bundle, COPY).exit_code == 0
    there = robot.home / FOLDER
    put_engine(there, sha256_of_file(there / "fp32.onnx"))
    (there / "notes.txt").write_text("mine", "utf-8")
    (there / ".calibration").mkdir()
    (there / ".calibration" / "a.yaml").write_text("mine too", "utf-8")
    kept = {name: text for name, text in contents(there).items() if name not in OWN}
    assert "caution" not in deploy(color_bundle, COPY).output
    grow(color_bundle, 10)
    result = deploy(color_bundle, COPY)
    assert result.exit_code == 0, result.output
    assert contents(there) == {**contents(color_bundle), **kept}
    assert f"caution: {ENGINE}.engine is of another model than the bundle has now" in result.output
    assert [one.name for one in there.parent.iterdir()] == [there.name]


def test_a_reader_sees_the_old_bundle_or_the_new_one(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    assert deploy(color_bundle, COPY).exit_code == 0
    # With two renamings instead of an exchange, nothing would be there for a while.
    robot.give("mv", f'sleep 0.2; exec {shutil.which("mv")} "$@"')
    there, ended, seen = robot.home / FOLDER, threading.Event(), set()

    def read() -> None:
        while not ended.is_set():
            seen.add(read_whole(there))

    def look() -> None:
        while not ended.is_set():
            if not (there / "model.json").exists():
                seen.add("nothing")

    readers = [threading.Thread(target=one) for one in (read, look)]
    for reader in readers:
        reader.start()
    versions = [sha256_of_file(color_bundle / "model.json")]
    for _ in range(2):
        grow(color_bundle, 1000)
        assert deploy(color_bundle, COPY).exit_code == 0
        versions.append(sha256_of_file(color_bundle / "model.json"))
    ended.set()
    for reader in readers:
        reader.join()
    assert seen - {"replaced meanwhile"} <= set(versions)


def read_whole(folder: Path) -> str:
    """The hash of the manifest of a bundle whose model fits it, read through one open folder."""
    descriptor = os.open(folder, os.O_RDONLY)  # fails if there is none for a moment
    try:
        # Not by load_bundle, which resolves the name of the folder a second time.
        opened = Path(f"/proc/self/fd/{descriptor}")
        manifest = (opened / "model.json").read_bytes()
        digest = sha256_of_file(opened / "fp32.onnx")
    except OSError:  # of the old one, while it is removed
        if os.fstat(descriptor).st_ino != folder.stat().st_ino:
            return "replaced meanwhile"
        raise
    finally:
        os.close(descriptor)
    fits = digest == json.loads(manifest)["precisions"]["fp32"]["sha256"]
    return hashlib.sha256(manifest).hexdigest() if fits else "mixture"


@pytest.mark.parametrize("state", ["between renamings", "old not removed", "not yet published"])
def test_what_a_power_cut_left_is_mended_by_the_next_call(
    state: str, robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    there = robot.home / FOLDER
    assert deploy(color_bundle, COPY).exit_code == 0
    put_engine(there, "0" * 64)
    kept = {name: text for name, text in contents(there).items() if name.startswith("engines/")}
    parent, name = there.parent, there.name
    if state == "between renamings":
        there.rename(parent / f".{name}.replaced")
    else:
        place = ".replaced" if state == "old not removed" else ".deploying"
        there.rename(parent / f".{name}{place}")
        shutil.copytree(color_bundle, there)
    whole = contents(color_bundle)
    grow(color_bundle, 10)
    robot.give("df", FULL)  # even a call that cannot copy brings back the old one
    deploy(color_bundle, COPY).refused("the disk of robot is full")
    assert contents(there).items() >= whole.items()
    (robot.home / "programs" / "df").unlink()
    result = deploy(color_bundle, COPY)
    assert result.exit_code == 0, result.output
    assert contents(there) == {**contents(color_bundle), **kept}
    assert [one.name for one in parent.iterdir()] == [name]


def test_what_an_earlier_call_left_beside_the_bundle_does_not_get_into_it(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    assert deploy(color_bundle, COPY).exit_code == 0
    left = (robot.home / FOLDER).with_name(".colors.deploying")
    (left / "engines").mkdir(parents=True)
    for name in (".deploying", "fp32.onnx", "int8.onnx", "engines/int8.engine"):
        (left / name).write_text("of another bundle", "utf-8")
    change_manifest(color_bundle, lambda manifest: manifest.update(name="other"))
    result = deploy(color_bundle, COPY)
    assert "(1 file sent)" in result.output
    assert contents(robot.home / FOLDER) == contents(color_bundle)


@pytest.mark.long
def test_the_report_there_stays_as_long_as_the_bundle_is_the_same(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    report = color_bundle / "report" / "report.json"
    report.parent.mkdir()
    report.write_text("{}", "utf-8")
    assert deploy(color_bundle, COPY).exit_code == 0
    there = robot.home / FOLDER / "report" / "report.json"
    assert there.read_text("utf-8") == "{}"
    there.write_text('{"engines": 1}', "utf-8")  # as build does
    (robot.home / FOLDER / "labels.txt").unlink()
    assert deploy(color_bundle, COPY).exit_code == 0
    assert there.read_text("utf-8") == '{"engines": 1}'
    grow(color_bundle, 10)
    assert deploy(color_bundle, COPY).exit_code == 0
    assert there.read_text("utf-8") == "{}"


def test_a_changed_bundle_here_is_refused_before_ssh_runs(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    before = robot.proxy.connections
    with (color_bundle / "fp32.onnx").open("ab") as stream:
        stream.write(b"more")
    deploy(color_bundle, COPY).refused("fp32.onnx was changed")
    assert robot.proxy.connections == before


def test_a_precision_that_the_bundle_lacks_is_refused(color_bundle: Path, deploy: Deploy) -> None:
    deploy(color_bundle, "--precision", "int8").refused("has no int8: it has fp32")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (" -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes", "has not met the robot"),
        (" -o UserKnownHostsFile={other}", "has another host key than before"),
        (" -o PubkeyAuthentication=no", "ssh-copy-id robot"),
        (" -o HostName=no-such-robot.invalid", "there is no host of that name"),
        (" -o Port=1", "no ssh server answers"),
    ],
)
def test_why_there_is_no_connection_is_told_with_a_remedy(
    more: str, said: str, color_bundle: Path, robot: SshRobot, deploy: Deploy, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    other = tmp_path / "known"
    public = key.with_suffix(".pub").read_text("utf-8")
    other.write_text(f"[127.0.0.1]:{robot.proxy.port} {public}", "utf-8")
    deploy(color_bundle, COPY, ssh=more.format(other=other)).refused(said)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--ssh", "ssh 'x"], "--ssh ssh 'x: No closing quotation"),
        (["--ssh", ""], "--ssh is empty"),
        (["--ssh", "/no/such/ssh"], "there is no program '/no/such/ssh' here"),
        (["--robot-folder", "/bundles"], "--robot-folder is for --container"),
        (["--container=-v"], "a name does not begin with -"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    more: list[str], said: str, color_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(capsys, "deploy", color_bundle, "robot:shapes", COPY, *more).refused(said)
