"""Draws pages: each is one HTML file that needs nothing beside it."""

from pathlib import Path
from typing import Any, Mapping

import jinja2

_OWN_FOLDER = Path(__file__).parent


def draw(
    content: Mapping[str, Any], template: str = "template.html", folder: Path = _OWN_FOLDER
) -> str:
    """The page of plain values. What is filled in is escaped, and a name that is not there is
    refused.

    Args:
        template: a file in ``folder``, which may include the style and the macros of this folder.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, _OWN_FOLDER]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(content)
