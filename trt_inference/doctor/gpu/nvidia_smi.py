"""What nvidia-smi tells of the GPUs of a PC or server. Most Jetsons have no such program."""

from typing import List, NamedTuple

from trt_inference.doctor.host import Host

_FIELDS = "name,driver_version,memory.total,persistence_mode,display_active,mig.mode.current"
_MOST = 16  # GPUs


class GpuState(NamedTuple):
    """One GPU, as nvidia-smi words it.

    Attributes:
        driver: version, as ``570.133.07``.
        memory: in all, as ``143771 MiB``.
    """

    name: str
    driver: str
    memory: str
    persistence: str
    display: str
    mig: str

    @property
    def text(self) -> str:
        """For a line of the report."""
        parts = [self.name, self.memory, f"driver {self.driver}"]
        return ", ".join(parts + (["MIG"] if self.mig == "Enabled" else []))

    @property
    def loads_driver_anew(self) -> bool:
        """Whether the driver goes when no program uses it."""
        return (self.persistence, self.display) == ("Disabled", "Disabled")


def gpu_states(host: Host) -> List[GpuState]:
    """All GPUs of the machine, whatever CUDA_VISIBLE_DEVICES hides; none without nvidia-smi."""
    answer = host.run(["nvidia-smi", f"--query-gpu={_FIELDS}", "--format=csv,noheader"])
    if answer is None or answer.code != 0:
        return []
    lines = [line.split(", ") for line in answer.output.splitlines()[:_MOST]]
    return [GpuState(*words) for words in lines if len(words) == len(GpuState._fields)]


def smi_complaint(host: Host) -> str:
    """What nvidia-smi says where it fails; empty where it works or is missing."""
    answer = host.run(["nvidia-smi"])
    if answer is None or answer.code == 0:
        return ""
    return f"{answer.output}\n{answer.errors}".strip()


def has_mig_instances(host: Host) -> bool:
    """Whether there is a part of a GPU that programs can use."""
    answer = host.run(["nvidia-smi", "-L"])
    return answer is not None and "MIG " in answer.output
