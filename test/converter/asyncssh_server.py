"""An ssh server of asyncssh that runs what it is asked for, in its own environment and HOME.

``python -m test.converter.asyncssh_server FOLDER``, with ``host`` and ``user.pub`` in the folder.
"""

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import asyncssh

_PIECE = 1 << 16


async def run(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    """Run a command in a shell, as sshd does: until it ends, and its output too."""
    pipe = asyncio.subprocess.PIPE
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-c", process.command or "exit 1"),
        cwd=os.environ["HOME"],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
    )
    to_shell = asyncio.ensure_future(pour(process.stdin, shell.stdin, closes=True))
    await asyncio.gather(pour(shell.stdout, process.stdout), pour(shell.stderr, process.stderr))
    code = await shell.wait()
    to_shell.cancel()
    with contextlib.suppress(OSError):
        process.exit(code if code >= 0 else 128 - code)


async def pour(source: Any, target: Any, closes: bool = False) -> None:
    """Copy until the end of ``source``, or of whoever takes it."""
    with contextlib.suppress(OSError, asyncssh.Error):
        while True:
            piece = await source.read(_PIECE)
            if not piece:
                break
            target.write(piece)
            await target.drain()
    if closes:
        target.close()


async def serve(folder: Path) -> None:
    """Print the port, and serve."""
    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[str(folder / "host")],
        authorized_client_keys=str(folder / "user.pub"),
        process_factory=run,
        encoding=None,
    )
    print(listener.get_port(), flush=True)
    await listener.wait_closed()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
