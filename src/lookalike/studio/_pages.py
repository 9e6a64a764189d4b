"""The templates and the files of the studio's pages."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["asset", "render"]

_TEMPLATES = Path(__file__).parent / "templates"
#: The look is that of the reports, whose room, and what draws them, is not imported.
_REPORTS = Path(__file__).parents[1] / "reports" / "templates"
_TYPES = {"studio.js": "text/javascript", "studio.css": "text/css", "report.css": "text/css"}


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader([_TEMPLATES, _REPORTS]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["count"] = lambda value: f"{value:,}"
    found.filters["moment"] = lambda at: time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
    found.filters["score"] = lambda value: "–" if value is None else f"{value:.3f}"
    return found


def render(name: str, **values: Any) -> str:
    """Return a page.

    Parameters
    ----------
    name : str
        The name of its template, without the suffix.
    **values
        The values in it.

    Returns
    -------
    str
        HTML.
    """
    return _environment().get_template(f"{name}.html.j2").render(**values)


def asset(name: str) -> tuple[bytes, str] | None:
    """Return the content and the type of a file that pages use; None if there is none."""
    if name not in _TYPES:
        return None
    folder = _REPORTS if name == "report.css" else _TEMPLATES
    return (folder / name).read_bytes(), _TYPES[name]
