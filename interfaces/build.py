"""Builds vision_msgs into the virtual environment whose interpreter runs this file.

For environments that have ROS 2 from PyPI, where there is no vision_msgs. Where vision_msgs
can be imported already, nothing is done. Usage: `<environment>/bin/python interfaces/build.py`
"""

import json
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Dict, List, Union

from environment import PREFIX, build_lock, child_environment, import_error
from prerequisites import GENERATORS, BuildError, check_compilers, check_environment, rclpy_major

HERE = Path(__file__).resolve().parent
# A fixed name, so that what an interrupted run left behind is found and removed by the next one.
# Inside the environment, so that installing is a rename within one file system.
BUILD = PREFIX / "vision_msgs-build"
LOG = BUILD / "build.log"
TOOLS = BUILD / "tools"
STAGE = BUILD / "stage"

# Publishers and subscribers only find each other where the type has the same hash.
DETECTION_ARRAY_HASH = "RIHS01_214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968"


def step(title: str, command: List[Union[str, Path]], environment: Dict[str, str]) -> None:
    """Run one command with its output in the log file; BuildError if it fails."""
    print(f"vision_msgs: {title} ...", flush=True)
    with LOG.open("a", encoding="utf-8") as log:
        result = subprocess.run(
            command,
            cwd=BUILD,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            close_fds=False,  # the build lock
            check=False,
        )
    if result.returncode != 0:
        raise BuildError(f"{title} failed with exit status {result.returncode}, see {LOG}")


def install_tools() -> None:
    """Put the generators, cmake and ninja into a prefix of their own.

    The environment itself stays as it is: nothing in it is upgraded, and nothing is left over.
    """
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-warn-script-location"]
    options += ["--no-deps", "--ignore-installed", "--prefix", str(TOOLS)]
    options += ["--requirement", str(GENERATORS[rclpy_major()])]
    command: List[Union[str, Path]] = [sys.executable, "-m", "pip", "install", *options]
    step("installing the generators (temporary, 100 MB)", command, child_environment())


def compile_messages() -> None:
    """Generate and compile the messages and lay the result out under STAGE."""
    tools_packages = TOOLS / Path(sysconfig.get_path("purelib")).relative_to(PREFIX)
    # The program itself: bin/cmake is a script that needs the environment's interpreter.
    cmake = tools_packages / "cmake" / "data" / "bin" / "cmake"
    environment = child_environment()
    # Replaced, not extended: packages of another ROS installation must not be mixed in.
    environment["PYTHONPATH"] = str(tools_packages)
    environment["AMENT_PREFIX_PATH"] = environment["CMAKE_PREFIX_PATH"] = f"{TOOLS}:{PREFIX}"
    definitions = {
        "BUILD_TESTING": "OFF",
        "CMAKE_BUILD_TYPE": "Release",
        "CMAKE_INSTALL_PREFIX": STAGE,
        "CMAKE_MAKE_PROGRAM": TOOLS / "bin" / "ninja",
        "PYTHON_INSTALL_DIR": "python",
        "Python3_EXECUTABLE": sys.executable,
    }
    options = [f"-D{name}={value}" for name, value in definitions.items()]
    source = HERE / "vision_msgs"
    configure: List[Union[str, Path]] = [
        cmake,
        "-S",
        source,
        "-B",
        "cmake",
        "-G",
        "Ninja",
        *options,
    ]
    step("configuring", configure, environment)
    compile_and_stage: List[Union[str, Path]] = [cmake, "--build", "cmake", "--target", "install"]
    step("generating and compiling", compile_and_stage, environment)


def check_type_hash() -> None:
    """Raise BuildError unless Detection2DArray is the type that other ROS nodes know."""
    path = STAGE / "share" / "vision_msgs" / "msg" / "Detection2DArray.json"
    hashes = json.loads(path.read_text(encoding="utf-8"))["type_hashes"]
    found = {entry["type_name"]: entry["hash_string"] for entry in hashes}
    actual = found["vision_msgs/msg/Detection2DArray"]
    if actual != DETECTION_ARRAY_HASH:
        raise BuildError(
            f"Detection2DArray has the type hash {actual}, not {DETECTION_ARRAY_HASH}. "
            f"Restore the message definitions in {HERE / 'vision_msgs' / 'msg'}."
        )


def move(source: Path, target: Path) -> None:
    """Move a file or folder within one file system, replacing what is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        shutil.rmtree(target)
    source.replace(target)


def install() -> None:
    """Move what rclpy needs at run time from STAGE into the environment.

    The libraries go where those of the ROS wheels are, so they are found the same way. The Python
    package goes last: as long as it is missing, the next run builds again.
    """
    print("vision_msgs: installing ...", flush=True)
    for library in sorted((STAGE / "lib").glob("*.so")):
        move(library, PREFIX / "lib" / library.name)
    share = Path("share")
    for resource in ("packages", "package_run_dependencies", "rosidl_interfaces"):
        entry = share / "ament_index" / "resource_index" / resource / "vision_msgs"
        move(STAGE / entry, PREFIX / entry)
    for entry in (share / "vision_msgs" / "package.xml", share / "vision_msgs" / "msg"):
        move(STAGE / entry, PREFIX / entry)
    site_packages = Path(sysconfig.get_path("platlib"))
    for metadata in (STAGE / "python").glob("vision_msgs-*.egg-info"):
        move(metadata, site_packages / metadata.name)
    package = STAGE / "python" / "vision_msgs"
    # Compiled files name the folder they were compiled in.
    for cache in sorted(package.rglob("__pycache__")):
        shutil.rmtree(cache)
    move(package, site_packages / "vision_msgs")


def build() -> None:
    """Build and install vision_msgs; raises BuildError."""
    if BUILD.exists():
        shutil.rmtree(BUILD)
    BUILD.mkdir()
    install_tools()
    compile_messages()
    check_type_hash()
    install()
    error = import_error()
    if error:
        raise BuildError(f"vision_msgs is built, but it cannot be imported: {error}")
    shutil.rmtree(BUILD)


def ensure_vision_msgs() -> None:
    """Build vision_msgs unless it can be imported; raises BuildError."""
    start = time.monotonic()
    if import_error():
        check_environment()
        check_compilers()
        with build_lock():
            # Another run may have finished while this one waited.
            if import_error():
                build()
                seconds = time.monotonic() - start
                print(f"vision_msgs: installed into {PREFIX} in {seconds:.0f} s")
                return
    print("vision_msgs: already there, nothing to do")


def main() -> int:
    """Returns the exit status: 0 if vision_msgs can be imported at the end, else 1 or 130."""
    try:
        ensure_vision_msgs()
    except (BuildError, OSError) as error:
        print(f"vision_msgs: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("vision_msgs: interrupted; run it again to start over", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
