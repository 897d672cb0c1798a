"""python3 -m converter."""

import sys

# What runs on robots, with what they have.
_OF_ROBOTS = ("build", "engines")


def _remedy() -> str:
    if sys.argv[1:2] and sys.argv[1] in _OF_ROBOTS:
        return (
            "Run python3 -m pip install numpy opencv-python-headless onnxruntime jsonschema rich, "
            "or scripts/environment.sh robot and then .venv/robot/bin/python -m converter"
        )
    return "Run scripts/environment.sh converter, and then .venv/converter/bin/python -m converter"


def _main() -> int:
    try:
        from converter.command_line.main import main

        return main()
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error}. {_remedy()}")


if __name__ == "__main__":
    sys.exit(_main())
