"""The templates of all pages, and drawings as a part of a page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from lookalike.reports import figures
from lookalike.reports._text import shorten
from lookalike.reports.figures._scores import number

__all__ = ["embedded", "environment", "picture", "svg"]

#: A section's heading.
_SECTION = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>')
#: The errors of a drawing library where values leave nothing to draw.
_FAILURES = (ValueError, ArithmeticError, IndexError, RuntimeError)


@cache
def environment() -> Environment:
    """Return the environment of the templates, with the filters that they use."""
    found = Environment(
        loader=PackageLoader("lookalike.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["count"] = lambda value: f"{value:,}"
    found.filters["number"] = number
    found.filters["signed"] = _signed
    found.filters["short"] = shorten
    found.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    # A number and its sign of per cent stay on one line.
    found.filters["together"] = lambda text: text.replace(" %", "\u00a0%")
    found.filters["sections"] = _sections
    found.globals.update(script=script, digest=digest)
    return found


def script(name: str) -> Markup:
    """Return a script of the templates, as it stands in a page."""
    source = environment().get_template(name).render()
    return Markup(source)


def digest(name: str) -> str:
    """Return the digest by which a page permits its own script and no other."""
    found = hashlib.sha256(script(name).encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(found).decode()}"


def _sections(body: Markup) -> list[tuple[str, Markup]]:
    """Return the headings of a page's sections by their ids, as the page has them."""
    return [(anchor, Markup(words)) for anchor, words in _SECTION.findall(body)]


def _signed(value: float | None, decimals: int = 2, sign: str = "-") -> str:
    return "–" if value is None else f"{value:{sign}.{decimals}f}".replace("-", "−")


def svg(figure: Figure, label: str, salt: str) -> Markup:
    """Return a figure as it stands in a page, with words for those who cannot see it."""
    # The SVG is our own, and matplotlib escapes the text in it.
    return Markup(figures.to_svg(figure, label=label, salt=salt))


def embedded(png: str, label: str) -> Markup:
    """Return a picture of pixels as it stands in a page.

    Parameters
    ----------
    png : str
        A PNG file in base64.
    label : str
        Words for those who cannot see it.
    """
    return Markup('<img class="pixels" src="data:image/png;base64,{}" alt="{}">').format(png, label)


def picture(draw: Callable[[], Figure], label: str, salt: str) -> Markup:
    """Draw a figure for a page, or write the reason in its place: scores do not depend on it.

    Parameters
    ----------
    draw : callable
        Makes the figure.
    label, salt : str
        As of `lookalike.reports.figures.to_svg`.

    Returns
    -------
    Markup
        An ``<svg>`` element, or a paragraph.
    """
    try:
        return svg(draw(), label, salt)
    except _FAILURES as error:
        return Markup('<p class="muted small">Not drawn: {}.</p>').format(str(error).rstrip("."))
