"""A Triton server for trying things by hand: ``python -m examples.fleet.serve models``.

It takes the place of this process, prints its own log, and ends with Ctrl-C. Only this machine
reaches it. Each option of ``tritonserver`` may follow, and counts instead of the one here.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import List, Sequence

from examples.fleet.triton_server import (
    FOLDER,
    server_environment,
    server_program,
    why_there_is_none,
)

HERE = "127.0.0.1"


def server_options(repository: Path, more: Sequence[str]) -> List[str]:
    """The options of ``tritonserver``. What is given twice would not be taken by some of them.

    Args:
        more: those that the user gives, as ``--NAME=VALUE``.
    """
    given = {one.partition("=")[0] for one in more}
    usual = (
        f"--model-repository={repository}",
        f"--backend-directory={FOLDER / 'backends'}",
        f"--grpc-address={HERE}",
        "--grpc-port=8001",
        f"--metrics-address={HERE}",
        "--metrics-port=8002",
        "--allow-http=false",
        "--model-control-mode=poll",
        "--repository-poll-secs=1",
    )
    return [*(one for one in usual if one.partition("=")[0] not in given), *more]


def main(arguments: Sequence[str]) -> None:
    """Become the server. Exits with code 1 where there can be none."""
    parser = argparse.ArgumentParser(prog="python -m examples.fleet.serve", description=__doc__)
    parser.add_argument("repository", type=Path, help="what export-triton has written")
    parsed, more = parser.parse_known_args(arguments)
    missing = why_there_is_none()
    if not missing and not parsed.repository.is_dir():
        missing = f"no folder {parsed.repository}: trt-inference export-triton makes one"
    program = server_program()
    if missing or program is None:
        print(f"error: {missing}", file=sys.stderr)
        sys.exit(1)
    options = server_options(parsed.repository, more)
    print("tritonserver", *options, flush=True)
    os.execve(str(program), [str(program), *options], server_environment())


if __name__ == "__main__":
    main(sys.argv[1:])
