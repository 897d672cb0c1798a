"""python3 -m converter."""

import sys

try:
    from converter.cli import main
except ModuleNotFoundError as error:
    sys.exit(
        f"error: {error}. Run scripts/environment.sh converter, and then "
        ".venv/converter/bin/python -m converter"
    )

if __name__ == "__main__":
    sys.exit(main())
