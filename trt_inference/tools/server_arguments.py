"""The arguments of programs that may let a server run the network, and the options they stand for.

All results of such a program are the server's: a file that mixes them with those of this machine
could not be compared with anything.
"""

import argparse
from pathlib import Path
from typing import Optional

from trt_inference.engines.server_options import ASKS_A_SERVER, NONE, ServerOptions
from trt_inference.errors import EngineError
from trt_inference.tools.argument_types import number

# Seconds. A robot has to go on with its next image; nobody waits for these programs.
OFFLINE_DEADLINE = 1.0
_LONGEST = 600.0


def add_server(parser: "argparse._ActionsContainer") -> None:
    """Declare ``--server-url`` and what belongs to it."""
    add = parser.add_argument
    add(
        "--server-url",
        metavar="HOST:PORT",
        help=f"Triton server that runs the network, with --backend {ASKS_A_SERVER}: its gRPC port, "
        "usually 8001",
    )
    add("--server-model", metavar="NAME", help="the model's name there (default: the bundle's)")
    add(
        "--server-deadline",
        metavar="SECONDS",
        type=_deadline,
        help=f"wait so long for each answer (default: {OFFLINE_DEADLINE:g})",
    )
    for name, what in (
        ("ca", "certificates that the server's is checked by; the connection is then encrypted"),
        ("certificate", "certificate of this client, where the server asks for one"),
        ("key", "private key of that certificate"),
    ):
        add(f"--server-{name}-file", metavar="FILE", type=Path, help=f"PEM: {what}")


def server_options(arguments: argparse.Namespace) -> Optional[ServerOptions]:
    """The server that the parsed arguments name, without an engine of this machine beside it; None
    for another backend.

    Args:
        arguments: with ``backend``, and those of ``add_server``.

    Raises:
        EngineError: a server is named and the backend needs none, or the other way round.
    """
    if arguments.backend != ASKS_A_SERVER:
        _refuse_unused(arguments)
        return None
    if arguments.server_url is None:
        raise EngineError(
            f"--backend {ASKS_A_SERVER} does not know its server: give --server-url HOST:PORT, as "
            "in --server-url 192.168.1.10:8001"
        )
    given = arguments.server_deadline
    return ServerOptions(
        arguments.server_url,
        model=arguments.server_model or "",
        deadline=OFFLINE_DEADLINE if given is None else given,
        fallback=NONE,
        ca_file=arguments.server_ca_file,
        certificate_file=arguments.server_certificate_file,
        key_file=arguments.server_key_file,
    )


def _refuse_unused(arguments: argparse.Namespace) -> None:
    for name, value in vars(arguments).items():
        if name.startswith("server_") and value is not None:
            raise EngineError(
                f"--{name.replace('_', '-')} has no effect with --backend {arguments.backend}: "
                f"add --backend {ASKS_A_SERVER}, or leave it out"
            )


def _deadline(text: str) -> float:
    """Seconds, more than 0."""
    value = number(text)
    if not 0 < value <= _LONGEST:
        raise argparse.ArgumentTypeError(
            f"{text} is not more than 0 and at most {_LONGEST:g} seconds"
        )
    return value
