"""python3 -m converter COMMAND, which is trt-inference COMMAND."""

import sys

from converter.command_line.main import main

if __name__ == "__main__":
    sys.exit(main())
