"""Tell what is wrong with this machine, and with a bundle on it, and what to do about it.

This is ``trt-inference doctor``, ``ros2 run trt_inference doctor``, and
``python3 -m trt_inference.tools.doctor``. It needs no library but Python's own, and none of the
others is imported but in processes of their own.
"""

import argparse
import contextlib
import io
import os
import signal
import sys
from pathlib import Path
from typing import Iterator, Optional, Sequence

from trt_inference.bundles.atomic_write import write_file
from trt_inference.doctor.diagnosis import IS_ERROR
from trt_inference.doctor.examine import sections
from trt_inference.doctor.host import Host
from trt_inference.doctor.json_report import JsonReport
from trt_inference.doctor.line_report import LineReport
from trt_inference.errors import TrtInferenceError
from trt_inference.printable import printable_name
from trt_inference.tools.argument_types import ArgumentParser, add_device

_STANDARD_OUTPUT = Path("-")
_INTERRUPTED = 130


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command by itself and return the exit code: 0, 1 where there is an error, 130 after
    Ctrl-C."""
    parser = ArgumentParser(prog="trt-inference doctor", description=__doc__.partition("\n")[0])
    add_doctor_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        return run_doctor(options)
    except BrokenPipeError:  # as of `| head`: nobody reads what is left to print
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except TrtInferenceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def add_doctor_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `doctor`."""
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        nargs="?",
        type=Path,
        help="folder made by convert, to tell what of it runs on this machine",
    )
    parser.add_argument(
        "--json",
        metavar="FILE",
        nargs="?",
        type=_new_file,
        const=_STANDARD_OUTPUT,
        help="write what was found into this file too; - or nothing is the standard output, and "
        "then the lines go to the standard error",
    )
    add_device(parser)


def run_doctor(options: argparse.Namespace, host: Optional[Host] = None) -> int:
    """Examine a machine, and print each diagnosis when it is there.

    Args:
        host: another machine than this one.

    Returns:
        The exit code: 1 if there is an error, otherwise 0.

    Raises:
        TrtInferenceError: the output, or the file with the results, cannot be written.
    """
    with _ended_by_signals():
        try:
            return _run(options, host or Host(device=options.device))
        except BrokenPipeError:
            raise
        except OSError as error:  # of the output alone, as on a full disk
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise TrtInferenceError(f"the output cannot be written: {error}") from error


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM, and a terminal that is closed, end the probes too: by an exception."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)  # as a shell reports it

    heard = (signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.getsignal(one) for one in heard}
    for one, handler in before.items():
        if handler != signal.SIG_IGN:  # as nohup sets
            signal.signal(one, end)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _run(options: argparse.Namespace, machine: Host) -> int:
    piped = options.json == _STANDARD_OUTPUT
    shown = sys.stderr if piped else sys.stdout
    lines, report = LineReport(shown or io.StringIO()), JsonReport()  # None: `>&-` has closed it
    for section in sections(options.bundle):
        for diagnosis in section.examine(machine):
            lines.add(section.heading, diagnosis)
            report.add(section.heading, diagnosis)
    lines.print_summary()
    if piped:
        print(report.text(), flush=True)
    elif options.json:
        _write(options.json, report.text())
    return 1 if report.count(IS_ERROR) else 0


def _write(file: Path, text: str) -> None:
    try:
        write_file(file, f"{text}\n".encode("ascii"))
    except OSError as error:
        raise TrtInferenceError(f"'{printable_name(file)}' cannot be written: {error}") from error


def _new_file(text: str) -> Path:
    """A file that can be written, or the standard output."""
    file = Path(text)
    if file.is_dir():
        raise argparse.ArgumentTypeError(
            f"'{printable_name(file)}' is a folder: give BUNDLE before --json, or a file after it"
        )
    if file != _STANDARD_OUTPUT and not file.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder '{printable_name(file.parent)}'")
    return file


if __name__ == "__main__":
    sys.exit(main())
