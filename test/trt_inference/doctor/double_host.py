"""A host whose probes run in the process of the test, where the double of TensorRT is installed."""

import contextlib
import io
import runpy
import sys
from typing import List, Optional

import pytest

from test.trt_inference.doctor.fake_machine import FakeHost
from trt_inference.doctor.host import Answer


class DoubleHost(FakeHost):
    """Probes see the libraries of this process; other programs are those of the machine."""

    def run(self, command: List[str], seconds: float = 10) -> Optional[Answer]:
        if command[:2] != [self.python, "-m"]:
            return super().run(command, seconds)
        output = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(output):
            patch.setattr(sys, "argv", command[2:])
            patch.delitem(sys.modules, command[2], raising=False)
            try:
                runpy.run_module(command[2], run_name="__main__")
            except Exception as error:  # as Python ends with it
                return Answer(1, output.getvalue(), f"{type(error).__name__}: {error}")
        return Answer(0, output.getvalue().strip(), "")
