"""Parses models with the TensorRT that is installed, in a process of its own.

A parser that crashes ends that process, not the run: the next model gets a new one.
"""

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

ROOT = Path(__file__).parents[2]
SECONDS = 240  # then it hangs
MARK = "RESULT "


class Worker:
    """A process that parses, and builds where that is asked for."""

    def __init__(self, plugins: bool) -> None:
        self._plugins = plugins
        self._process: Optional[Any] = None

    def __call__(self, number: int, build: bool = False) -> Dict[str, Any]:
        """What became of the fact with that number: ``parsed``, ``built`` and ``text``, or
        ``crashed``."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
        process = self._process
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps({"number": number, "build": build}) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                if line.startswith(MARK):
                    return json.loads(line[len(MARK) :])
        except BrokenPipeError:
            pass
        finally:
            timer.cancel()
        return {"crashed": True, "text": f"the process ended with {process.wait()}"}

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()

    def _start(self) -> Any:
        command = [sys.executable, "-m", "test.tensorrt_facts.parsing"]
        return subprocess.Popen(
            command + ["--plugins"] * self._plugins,
            cwd=str(ROOT),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )


@contextlib.contextmanager
def workers() -> Iterator[Dict[bool, Worker]]:
    """One without plugins that somebody registered, and one with them."""
    both = {plugins: Worker(plugins) for plugins in (False, True)}
    try:
        yield both
    finally:
        for worker in both.values():
            worker.close()


class _TensorRT:
    def __init__(self, trt: Any, plugins: bool) -> None:
        self._trt = trt
        self._lines: List[str] = []
        lines = self._lines

        class Logger(trt.ILogger):  # type: ignore[misc]
            def __init__(self) -> None:
                trt.ILogger.__init__(self)

            def log(self, severity: Any, msg: str) -> None:
                if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                    lines.append(msg)

        self._logger = Logger()
        if plugins:
            trt.init_libnvinfer_plugins(self._logger, "")
        self._builder = trt.Builder(self._logger)

    def take(self, content: bytes, build: bool) -> Dict[str, Any]:
        trt = self._trt
        del self._lines[:]
        flags = trt.NetworkDefinitionCreationFlag
        bits = 1 << int(flags.EXPLICIT_BATCH) if hasattr(flags, "EXPLICIT_BATCH") else 0
        network = self._builder.create_network(bits)
        parser = trt.OnnxParser(network, self._logger)
        texts = []
        try:
            parsed = bool(parser.parse(content))
        except (IndexError, RuntimeError) as error:  # what the parsers of 8 throw, as Python has it
            parsed, texts = False, [repr(error)]
        errors = [parser.get_error(index) for index in range(parser.num_errors)]
        texts += [f"[{error.code()}] node {error.node()}: {error.desc()}" for error in errors]
        built = self._build(network, b"QuantizeLinear" in content) if parsed and build else None
        return {"parsed": parsed, "built": built, "text": "\n".join(texts or self._lines)}

    def _build(self, network: Any, quantized: bool) -> Optional[bool]:
        """None where inputs are shapes, which need values. Without quantisation, INT8 would ask for
        a calibration."""
        inputs = [network.get_input(index) for index in range(network.num_inputs)]
        if any(tensor.is_shape_tensor or -1 in tuple(tensor.shape) for tensor in inputs):
            return None
        config = self._builder.create_builder_config()
        for flag in ("FP16", "INT8") if quantized else ("FP16",):
            if hasattr(self._trt.BuilderFlag, flag):
                config.set_flag(getattr(self._trt.BuilderFlag, flag))
        return self._builder.build_serialized_network(network, config) is not None


def main() -> None:
    """Answer each line of stdin with one of stdout."""
    import tensorrt

    from test.tensorrt_facts import FACTS

    installed = _TensorRT(tensorrt, "--plugins" in sys.argv)
    for line in sys.stdin:
        task = json.loads(line)
        content = FACTS[task["number"]].make().SerializeToString()
        print(MARK + json.dumps(installed.take(content, task["build"])), flush=True)


if __name__ == "__main__":
    main()
