"""Why CUDA finds no GPU: on machines of files, with a libcuda that was compiled for it."""

from typing import List

import pytest

from test.trt_inference.doctor.fake_machine import FakeMachine, assert_finds
from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.gpu.check_driver import check_driver

NO_DEVICE = "100"
SMI = "NVIDIA H200, 570.133.07, 143771 MiB, Enabled, Disabled, Disabled"


def found_on(machine: FakeMachine) -> List[Diagnosis]:
    return list(check_driver(machine.host()))


def only(machine: FakeMachine) -> Diagnosis:
    (found,) = found_on(machine)
    return found


def test_a_machine_without_gpu_is_no_fault(machine: FakeMachine) -> None:
    found = only(machine)
    assert (found.level, found.fault) == ("ok", "")
    assert "bundles run on the CPU" in found.text


def test_a_machine_that_has_only_the_library_is_no_fault(driven: FakeMachine) -> None:
    """As one with CUDA's packages and without a GPU."""
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm"):
        driven.remove(f"/dev/{name}")
    driven.remove("/sys/bus/pci/devices/0000:01:00.0/vendor")
    driven.environment["TEST_CUINIT"] = NO_DEVICE
    assert only(driven).level == "ok"


def test_a_gpu_that_works_is_named_with_its_cuda(driven: FakeMachine) -> None:
    driven.program("nvidia-smi", SMI)
    found = only(driven)
    assert found.level == "ok"
    assert "NVIDIA H200, 143771 MiB, driver 570.133.07" in found.text
    assert "CUDA 12.6" in found.text


def test_a_jetson_needs_no_nvidia_smi(jetson: FakeMachine) -> None:
    jetson.environment["TEST_CUDA"] = "11040"
    found = only(jetson)
    assert (found.level, found.text) == ("ok", "1 GPU, CUDA 11.4.")


def test_a_driver_that_loads_at_each_start_is_a_caution(driven: FakeMachine) -> None:
    driven.program("nvidia-smi", SMI.replace("Enabled", "Disabled", 1))
    found = assert_finds(found_on(driven), "persistence-mode-off", "caution", "NVIDIA H200")
    assert "--persistence-mode=1" in found.remedy


def test_hidden_gpus(driven: FakeMachine) -> None:
    driven.environment.update(CUDA_VISIBLE_DEVICES="-1", TEST_CUINIT=NO_DEVICE)
    found = assert_finds(found_on(driven), "gpus-hidden", "error", "'-1'")
    assert found.remedy == "unset CUDA_VISIBLE_DEVICES"


def test_a_number_that_no_gpu_has(driven: FakeMachine) -> None:
    driven.environment.update(CUDA_VISIBLE_DEVICES="3,1", TEST_GPUS="2")
    driven.device = 2
    assert_finds(found_on(driven), "gpu-number-too-high", "error", "no GPU 2", "are 2", "'3,1'")
    driven.device = 1
    assert "GPU 1 of 2" in only(driven).text


@pytest.mark.parametrize("code", [NO_DEVICE, "999"])
def test_a_user_without_rights(jetson: FakeMachine, code: str) -> None:
    jetson.denied.add("/dev/nvmap")
    jetson.environment["TEST_CUINIT"] = code
    found = assert_finds(found_on(jetson), "gpu-without-rights", "error", "/dev/nvmap")
    assert "usermod -aG video" in found.remedy
    jetson.write("/.dockerenv")
    found = assert_finds(found_on(jetson), "gpu-without-rights", "error", "/dev/nvmap")
    assert "--group-add video" in found.remedy


def test_a_user_without_rights_to_the_gpu_of_a_pc(driven: FakeMachine) -> None:
    driven.denied.add("/dev/nvidia0")
    driven.environment["TEST_CUINIT"] = NO_DEVICE
    assert_finds(found_on(driven), "gpu-without-rights", "error", "/dev/nvidia0")


def test_nvmap_need_not_be_writable(jetson: FakeMachine) -> None:
    jetson.read_only.add("/dev/nvmap")
    jetson.environment["TEST_CUINIT"] = "999"
    assert_finds(found_on(jetson), "cuda-does-not-start", "error", "999")


def test_only_groups_that_the_system_has_are_named(jetson: FakeMachine) -> None:
    jetson.denied.add("/dev/nvmap")
    jetson.environment["TEST_CUINIT"] = NO_DEVICE
    jetson.write("/etc/group", "root:x:0:\nvideo:x:44:\n")  # Ubuntu 18.04 has no render
    found = assert_finds(found_on(jetson), "gpu-without-rights", "error")
    assert "usermod -aG video $USER" in found.remedy
    jetson.write("/etc/group", "root:x:0:\nvideo:x:44:\nrender:x:109:\n")
    found = assert_finds(found_on(jetson), "gpu-without-rights", "error")
    assert "usermod -aG video,render $USER" in found.remedy


def test_a_variable_is_not_blamed_for_missing_rights(jetson: FakeMachine) -> None:
    jetson.denied.add("/dev/nvmap")
    jetson.environment.update(CUDA_VISIBLE_DEVICES="0", TEST_CUINIT=NO_DEVICE)
    assert_finds(found_on(jetson), "gpu-without-rights", "error", "/dev/nvmap")


def test_a_jetson_without_display_need_not_keep_its_driver(jetson: FakeMachine) -> None:
    jetson.program("nvidia-smi", "NVIDIA Thor, 580.00, [N/A], Disabled, Disabled, [N/A]")
    assert only(jetson).level == "ok"


def test_a_container_that_was_started_without_the_gpu(pc: FakeMachine) -> None:
    pc.write("/.dockerenv")
    pc.environment["NVIDIA_VISIBLE_DEVICES"] = "void"
    found = assert_finds(found_on(pc), "gpu-not-passed-to-container", "error", "'void'")
    assert "--runtime nvidia" in found.remedy


def test_a_laptop_without_nvidias_driver_is_a_caution(pc: FakeMachine) -> None:
    assert_finds(found_on(pc), "driver-missing", "caution", "run on the CPU")


def test_a_driver_that_the_kernel_did_not_load(driven: FakeMachine) -> None:
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm"):
        driven.remove(f"/dev/{name}")
    failed = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    driven.program("nvidia-smi", failed, code=9)
    driven.environment["TEST_CUINIT"] = NO_DEVICE
    assert_finds(found_on(driven), "driver-not-loaded", "error", "couldn't communicate")


def test_a_driver_that_was_updated_under_the_running_one(driven: FakeMachine) -> None:
    failed = "Failed to initialize NVML: Driver/library version mismatch"
    driven.program("nvidia-smi", failed, code=18)
    driven.environment["TEST_CUINIT"] = "803"
    found = assert_finds(found_on(driven), "driver-library-mismatch", "error", failed)
    assert "Restart" in found.remedy


@pytest.mark.parametrize("in_container", [False, True])
def test_devices_without_libcuda(jetson: FakeMachine, in_container: bool) -> None:
    jetson.environment["LD_LIBRARY_PATH"] = str(jetson.root / "hidden")
    if in_container:
        jetson.write("/.dockerenv")
    found = assert_finds(found_on(jetson), "libcuda-missing", "error", "libcuda.so.1")
    assert ("--runtime nvidia" if in_container else "nvidia-l4t-cuda") in found.remedy


def test_the_stub_of_the_compiler(driven: FakeMachine) -> None:
    driven.environment["TEST_CUINIT"] = "34"
    assert_finds(found_on(driven), "cuda-stub-library", "error", "stub")


def test_mig_mode_without_instances(driven: FakeMachine) -> None:
    driven.environment["TEST_CUINIT"] = NO_DEVICE
    query = SMI.replace("Disabled, Disabled", "Disabled, Enabled")
    instance = "  MIG 1g.18gb     Device  0: (UUID: MIG-1)"
    script = f'case "$1" in --query*) echo "{query}";; -L) echo "GPU 0: NVIDIA H200";; esac'
    driven.script("nvidia-smi", script)
    assert_finds(found_on(driven), "mig-without-instances", "error", "NVIDIA H200")
    driven.script("nvidia-smi", script.replace('NVIDIA H200";; esac', f'H200\n{instance}";; esac'))
    assert_finds(found_on(driven), "cuda-does-not-start", "error")


def test_a_missing_fabric_manager(driven: FakeMachine) -> None:
    driven.environment["TEST_CUINIT"] = "802"
    assert_finds(found_on(driven), "fabric-manager-missing", "error", "802")


def test_any_other_error_is_given_with_its_name(driven: FakeMachine) -> None:
    driven.environment["TEST_CUINIT"] = "999"
    assert_finds(found_on(driven), "cuda-does-not-start", "error", "999 (CUDA_ERROR_UNKNOWN)")


def test_a_driver_that_crashes(driven: FakeMachine) -> None:
    driven.environment["TEST_CRASH"] = "1"
    assert_finds(found_on(driven), "driver-crashes", "error", "SIGSEGV")
