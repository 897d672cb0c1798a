"""Draws the page: one HTML file that needs nothing beside it."""

from pathlib import Path
from typing import Any, Mapping

import jinja2

_TEMPLATE = "template.html"


def draw(content: Mapping[str, Any]) -> str:
    """The page of plain values. What is filled in is escaped, and a name that is not there is
    refused."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE).render(content)
