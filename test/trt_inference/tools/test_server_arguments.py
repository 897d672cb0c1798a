"""The server that the arguments of a program name, and what programs do that it does not answer."""

import argparse
from pathlib import Path
from typing import List

import pytest

from trt_inference.engines.server_options import NONE, ServerOptions
from trt_inference.errors import EngineError
from trt_inference.tools.argument_types import ArgumentParser
from trt_inference.tools.no_answer import MOST_IN_A_ROW, Patience
from trt_inference.tools.server_arguments import add_server, server_options

URL = ("--server-url", "gpu:8001")


def parsed(*words: str) -> argparse.Namespace:
    parser = ArgumentParser(prog="program")
    parser.add_argument("--backend", default="auto")
    add_server(parser)
    return parser.parse_args(words)


def test_all_results_are_the_servers() -> None:
    assert server_options(parsed("--backend", "triton", *URL)) == ServerOptions(
        "gpu:8001", "", 1.0, NONE
    )


def test_each_argument_is_an_option_of_the_server() -> None:
    files = ("--server-ca-file", "ca.pem", "--server-certificate-file", "robot.pem")
    given = (*URL, "--server-model", "shapes_2", "--server-deadline", "2.5")
    words = ("--backend", "triton", *given, *files, "--server-key-file", "robot.key")
    assert server_options(parsed(*words)) == ServerOptions(
        "gpu:8001", "shapes_2", 2.5, NONE, Path("ca.pem"), Path("robot.pem"), Path("robot.key")
    )


def test_without_a_server_there_is_none() -> None:
    assert server_options(parsed()) is None
    assert server_options(parsed("--backend", "onnxruntime")) is None


@pytest.mark.parametrize(
    "words",
    [URL, ("--server-model", "shapes"), ("--server-deadline", "1"), ("--server-ca-file", "ca.pem")],
    ids=lambda words: str(words[0]),
)
@pytest.mark.parametrize("backend", ["auto", "onnxruntime"])
def test_a_server_that_no_backend_asks_is_refused(backend: str, words: List[str]) -> None:
    why = f"{words[0]} has no effect with --backend {backend}: add --backend triton, or leave"
    with pytest.raises(EngineError, match=why):
        server_options(parsed("--backend", backend, *words))


def test_a_backend_without_its_server_is_refused() -> None:
    with pytest.raises(EngineError, match=r"give --server-url HOST:PORT, as in --server-url"):
        server_options(parsed("--backend", "triton", "--server-deadline", "1"))


@pytest.mark.parametrize("text", ["0", "-1", "1000", "nan", "soon"])
def test_a_deadline_is_a_number_of_seconds(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(f"--server-deadline={text}")
    assert f"{text}" in capsys.readouterr().err.splitlines()[-1]


def test_patience_gives_a_server_time_to_come_back_and_runs_out_once() -> None:
    waited: List[float] = []
    patience = Patience(waited.append)
    for _ in range(MOST_IN_A_ROW - 1):
        patience.lost()
        assert not patience.is_exhausted
    # Longer than a server takes that is started again, and by no more than a second at once.
    assert sum(waited) > 10 and waited == sorted(waited) and waited[-1] <= 1
    patience.lost()
    assert patience.is_exhausted and len(waited) == MOST_IN_A_ROW - 1


def test_an_answer_renews_patience() -> None:
    waited: List[float] = []
    patience = Patience(waited.append)
    for _ in range(MOST_IN_A_ROW):
        patience.lost()
    patience.answered()
    patience.lost()
    assert not patience.is_exhausted and waited[-1] == waited[0]
