"""What the doctor finds of memory, shared memory, disks and cameras."""

import fcntl
from pathlib import Path
from typing import Callable, Iterator, Optional

import pytest

from test.trt_inference.doctor.boards import (
    GIB,
    in_container,
    jetson_nano,
    jetson_orin,
    pc,
    set_memory,
)
from test.trt_inference.doctor.fake_machine import FakeMachine, assert_finds, faults
from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.examine import sections
from trt_inference.doctor.host import Space
from trt_inference.doctor.middleware.profile_files import read_profile

MIB = 1 << 20


def found(machine: FakeMachine, bundle: Optional[Path] = None) -> Iterator[Diagnosis]:
    """What is printed under the two headings."""
    for section in sections(bundle):
        if section.heading in ("Memory and disks", "Cameras"):
            yield from section.examine(machine.host())


@pytest.mark.parametrize("make", [pc, jetson_orin, jetson_nano])
def test_a_machine_as_it_should_be_has_no_fault(
    make: Callable[[Path], FakeMachine], tmp_path: Path
) -> None:
    machine = make(tmp_path)
    diagnoses = list(found(machine))
    assert faults(diagnoses) == []
    assert {"Memory", "Shared memory", "Disk"} <= {one.subject for one in diagnoses}


def test_a_machine_without_any_file_ends_no_check(tmp_path: Path) -> None:
    assert faults(found(FakeMachine(tmp_path))) == ["shm-missing"]


def test_little_free_memory_is_told(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    set_memory(machine, 8 * GIB, 700 * MIB, 4 * GIB)
    assert_finds(found(machine), "memory-scarce", "caution", "700 MiB of 8.0 GiB")


@pytest.mark.parametrize("file", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_container_that_may_not_take_what_is_free_is_told(file: str, tmp_path: Path) -> None:
    machine = in_container(jetson_orin(tmp_path))
    machine.write(f"/sys/fs/cgroup/{file}", "max\n")
    assert faults(found(machine)) == []
    machine.write(f"/sys/fs/cgroup/{file}", f"{512 * MIB}\n")
    assert_finds(found(machine), "container-limits-memory", "caution", "512 MiB")


def test_a_small_board_without_swap_is_told_and_a_large_one_is_not(tmp_path: Path) -> None:
    nano, orin = jetson_nano(tmp_path / "nano"), jetson_orin(tmp_path / "orin")
    set_memory(nano, 4 * GIB, 2 * GIB, 0)
    set_memory(orin, 8 * GIB, 6 * GIB, 0)
    finding = assert_finds(found(nano), "no-swap", "caution")
    assert "swapon" in finding.remedy
    assert faults(found(orin)) == []
    computer = pc(tmp_path / "pc")
    set_memory(computer, 4 * GIB, 2 * GIB, 0)
    assert faults(found(computer)) == []


def test_a_desktop_on_a_small_board_is_told(tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    machine.write("/proc/1/comm", "systemd\n")
    assert faults(found(machine)) == []
    machine.write("/proc/4711/comm", "gnome-shell\n")
    finding = assert_finds(found(machine), "desktop-takes-memory", "caution", "gnome-shell")
    assert "multi-user.target" in finding.remedy


def test_missing_shared_memory_is_told(tmp_path: Path) -> None:
    machine = pc(tmp_path)
    machine.denied.add("/dev/shm")
    assert_finds(found(machine), "shm-missing", "error", "/dev/shm")


def test_full_shared_memory_is_told(tmp_path: Path) -> None:
    machine = pc(tmp_path)
    machine.spaces["/dev/shm"] = Space(64 * MIB, 3 * MIB)
    finding = assert_finds(found(machine), "shm-full", "error", "3 of 64 MiB")
    assert "--shm-size" in finding.remedy


def test_what_docker_gives_of_shared_memory_is_little(tmp_path: Path) -> None:
    machine = in_container(pc(tmp_path))
    machine.spaces["/dev/shm"] = Space(64 * MIB, 64 * MIB)
    finding = assert_finds(found(machine), "shm-small", "caution", "64 of 64 MiB", "4 processes")
    assert "--shm-size" in finding.remedy


@pytest.mark.parametrize("kind", ["fastdds", "fastrtps"])
def test_shared_memory_of_dead_processes_is_told_from_that_of_living_ones(
    kind: str, tmp_path: Path
) -> None:
    machine = pc(tmp_path)
    dead, alive = f"/dev/shm/{kind}_dba22b3e8127fbe3", f"/dev/shm/{kind}_00000000000000ff"
    for segment in (dead, alive, f"/dev/shm/{kind}_port7411"):
        machine.write(segment, "x" * 3 * MIB)
        machine.write(f"{segment}_el")
    with (tmp_path / "root" / f"{alive}_el".lstrip("/")).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finding = assert_finds(
            found(machine), "shm-left-behind", "caution", "1 with 3.0 MiB", Path(dead).name
        )
    assert "fastdds shm clean" in finding.remedy
    for name in (dead, f"{dead}_el", alive, f"{alive}_el"):
        machine.remove(name)
    assert faults(found(machine)) == []


@pytest.mark.parametrize("folder", ["/tmp", "/home/robot", "/media/card/shapes"])
def test_a_full_disk_is_told_wherever_something_is_written(folder: str, tmp_path: Path) -> None:
    machine = pc(tmp_path)
    bundle = Path("/media/card/shapes")
    machine.spaces[folder] = Space(64 * GIB, 20 * MIB)
    finding = assert_finds(found(machine, bundle), "disk-full", "error", "20 MiB", folder)
    assert folder in finding.remedy
    machine.spaces[folder] = Space(64 * GIB, 500 * MIB)
    assert_finds(found(machine, bundle), "disk-nearly-full", "caution", "500 MiB", folder)


def test_the_room_of_each_folder_that_is_there_is_told(tmp_path: Path) -> None:
    machine = pc(tmp_path)
    (shown,) = [one.text for one in found(machine, Path("/not/there")) if one.subject == "Disk"]
    assert shown == "20 GiB in /home/robot, 20 GiB in /tmp are free."


def test_a_card_that_linux_no_longer_writes_to_is_told(tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    other = "proc /proc proc rw 0 0\nbroken\n/dev/sda1 /media/disc iso9660 ro,relatime 0 0\n"
    machine.write("/proc/mounts", other)
    assert faults(found(machine)) == []
    mounts = f"{other}/dev/mmcblk0p1 / ext4 ro,relatime,errors=remount-ro 0 0\n"
    machine.write("/proc/mounts", mounts)
    assert_finds(found(machine), "root-file-system-read-only", "error", "/dev/mmcblk0p1")
    assert faults(found(in_container(machine))) == []


def test_a_camera_that_the_user_may_not_open_is_told(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    machine.write("/dev/video1")
    machine.denied.add("/dev/video1")
    finding = assert_finds(found(machine), "camera-denied", "caution", "/dev/video1")
    assert "usermod -aG video" in finding.remedy


def test_a_jetson_without_a_camera_is_told_and_a_pc_is_not(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path / "orin")
    machine.remove("/dev/video0")
    assert "dmesg" in assert_finds(found(machine), "no-camera", "caution", "/dev/video0").remedy
    finding = assert_finds(found(in_container(machine)), "no-camera", "caution")
    assert "--device /dev/video0" in finding.remedy
    assert faults(found(pc(tmp_path / "pc"))) == []


def test_a_jetson_without_the_daemon_of_csi_cameras_is_told(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    machine.remove("/tmp/argus_socket")
    finding = assert_finds(found(machine), "argus-not-running", "caution", "nvargus-daemon")
    assert "systemctl restart nvargus-daemon" in finding.remedy
    # In a container no daemon runs, and there the socket is told to be missing.
    assert faults(found(in_container(machine))) == []


def test_a_working_folder_that_was_removed_ends_no_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = pc(tmp_path / "machine")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert faults(found(machine, Path("bundle"))) == []
    assert read_profile(machine.host(), "profile.xml").is_missing
