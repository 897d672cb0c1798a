"""What ssh says when it cannot connect, with what to do about it."""

import re
from typing import NamedTuple

from trt_inference.printable import printable, shortened


class SshProblem(NamedTuple):
    """Why there is no connection, and whether another try may help."""

    text: str
    may_pass: bool


_CHANGED = re.compile("REMOTE HOST IDENTIFICATION HAS CHANGED", re.I)
# Pattern in what ssh says, remedy, whether it may pass. {login} and {host} are filled in.
_KNOWN = (
    (
        _CHANGED,
        "the robot has another host key than before: it was set up anew, or another machine answers"
        ". If you know why, run ssh-keygen -R '{host}' and connect once with ssh {login}",
        False,
    ),
    (
        re.compile("Host key verification failed", re.I),
        "this computer has not met the robot yet: connect once with ssh {login}, compare the "
        "fingerprint, and answer yes",
        False,
    ),
    (
        re.compile("Permission denied|Too many authentication failures", re.I),
        "the robot does not let this user in: check the user's name, and give it your key with "
        "ssh-copy-id {login}",
        False,
    ),
    (
        re.compile("Could not resolve hostname", re.I),
        "there is no host of that name: check its spelling, or give its address (ip address shows "
        "it on the robot)",
        False,
    ),
    (
        re.compile("Connection refused", re.I),
        "the robot is there, but no ssh server answers: sudo apt install openssh-server there, or "
        "give the port as in --ssh 'ssh -p 2222'",
        True,
    ),
    (
        re.compile("timed out|No route to host|Network is unreachable|Host is down", re.I),
        "the robot does not answer: is it on, and in the same network?",
        True,
    ),
    (
        re.compile("command not found|No such file or directory: ", re.I),
        "install it with: sudo apt install openssh-client",
        False,
    ),
    (
        re.compile("Connection (closed|reset)|Broken pipe|kex_exchange", re.I),
        "the robot's ssh server ended the connection: sudo journalctl -u ssh there tells why",
        True,
    ),
)
_NOISE = re.compile(r"^(@+$|@ .* @$|Warning: Permanently added|\*\* )")


def explain_ssh(said: str, login: str) -> SshProblem:
    """Explain what ssh ``said`` on its standard error when it connected to ``login``."""
    lines = [line.strip() for line in said.splitlines()]
    lines = [line for line in lines if line and not _NOISE.match(line)]
    shown = shortened(printable("; ".join(lines[-3:]))) or "ssh ended without a word"
    host = login.rpartition("@")[2]
    for pattern, remedy, may_pass in _KNOWN:
        if pattern.search(said):
            text = f"cannot connect to {login}: {remedy.format(login=login, host=host)} ({shown})"
            return SshProblem(text, may_pass)
    return SshProblem(f"cannot connect to {login}: {shown}. Try it with: ssh {login} true", True)
