"""What the command line shows of a bundle that was taken to a robot."""

import shlex

from rich.console import Console

from converter.commands.deploy import DeployResult
from converter.tables.wording import counted, some_names
from converter.terminal.console import print_line

_INTERRUPTED = 130  # as a shell reports it


def print_deployment(result: DeployResult, console: Console) -> int:
    """Print what was done and what is next, and return the exit code."""
    copied, login = result.copied, result.login
    what = f"{counted(copied.sent, 'file')} sent" if copied.sent else "nothing was to be sent"
    print_line(console, f"{login} has the bundle at {copied.folder}, verified there ({what})")
    for folder in copied.left:
        print_line(console, f"caution: {folder} on {login} could not be removed", "yellow")
    if result.build is None:
        _print_stale(result, console)
        folder = shlex.quote(result.folder)
        print_line(console, f"next, there: trt-inference build {folder} --precision ...")
        return 0
    return _print_build_end(result, console)


def _print_build_end(result: DeployResult, console: Console) -> int:
    build, login = result.build, result.login
    if build is None or result.program is None:
        return 0
    if build.is_interrupted:
        text = f"interrupted: the build on {login} has ended; the same command builds again"
        print_line(console, text, "red")
        return _INTERRUPTED
    if build.code:
        print_line(
            console,
            f"error: the build on {login} ended with {build.code}, as shown above; once that is "
            "mended, the same command builds again and copies nothing",
            "red",
        )
        return build.code
    print_line(console, f"next, there: {result.program.command('doctor', result.folder)}")
    return 0


def _print_stale(result: DeployResult, console: Console) -> None:
    stale = result.copied.stale
    if stale:
        verb = "is of another model" if len(stale) == 1 else "are of other models"
        text = f"caution: {some_names(stale)} {verb} than the bundle has now: build again"
        print_line(console, text, "yellow")
