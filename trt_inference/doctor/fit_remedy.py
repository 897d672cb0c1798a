"""Makes commands of remedies run on the machine that is examined."""

import re

from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import is_container
from trt_inference.doctor.system.python_packages import is_externally_managed

_PIP = re.compile(r"(python3 -m pip (?:install|uninstall))(?! --(?:user|break))")


def fit_remedy(host: Host, remedy: str) -> str:
    """The remedy with what pip wants where apt manages Python's packages, as on Ubuntu 24.04, and
    apt without sudo in a container that has none, as most."""
    if is_externally_managed(host):
        remedy = _PIP.sub(r"\1 --break-system-packages", remedy)
        remedy = remedy.replace("pip install --break", "pip install --user --break")
    if is_container(host) and host.program("sudo") is None:
        # The lists of packages are left out of images. What else needs sudo is done outside.
        remedy = remedy.replace("sudo apt install", "apt update && apt install")
    return remedy
