"""python3 -m benchmarks.detect_peak FILE [ARGUMENT …]: run `detect` in this process, or nothing
where it has no arguments, and write into FILE the most bytes that were resident."""

import sys
from pathlib import Path

from benchmarks.process_memory import status_bytes


def main() -> int:
    """Return the exit code of `detect`."""
    code = 0
    if sys.argv[2:]:
        from trt_inference.tools.detect import main as detect  # the rest is to stay small

        code = detect(sys.argv[2:])
    # Unlike getrusage, Linux' VmHWM forgets the process that this one was forked from.
    Path(sys.argv[1]).write_text(str(status_bytes("self", "VmHWM")), "utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
