"""python3 -m benchmarks.detect_peak FILE [ARGUMENT …]: run `detect` in this process, or nothing
where it has no arguments, and write into FILE the most bytes that were resident."""

import sys
from pathlib import Path


def main() -> int:
    """Return the exit code of `detect`."""
    code = 0
    if sys.argv[2:]:
        from trt_inference.tools.detect import main as detect  # the rest is to stay small

        code = detect(sys.argv[2:])
    Path(sys.argv[1]).write_text(str(peak_bytes()), "utf-8")
    return code


def peak_bytes() -> int:
    """The line ``VmHWM:  1234 kB`` of Linux. Unlike ``getrusage`` it forgets the process that this
    one was forked from."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    sys.exit(main())
