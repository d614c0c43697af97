"""A matplotlib figure as SVG inside a page: same figure, same bytes, readable aloud, following the reader's light or dark."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from drdrill.report.palette import PALETTE, light
from drdrill.report.wording import clean

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "drdrill",
    "text.usetex": False,
    "text.parse_math": False,
    "text.color": light("ink"),
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": light("line"),
    "axes.labelcolor": light("ink"),
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": light("line"),
    "ytick.color": light("line"),
    "xtick.labelcolor": light("muted"),
    "ytick.labelcolor": light("muted"),
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "grid.color": light("line"),
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "none",
    "path.simplify": False,
}
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_NAMES = {value[0]: name for name, value in PALETTE.items()}
_STYLED = re.compile(r'style="[^"]*"')
_FILLED = re.compile(r'fill="(#[0-9a-f]{6})"')
_PLACED = re.compile(r' (?:d|x|y)="[^"]*"')
_NEEDLESS = re.compile(r"(\.\d\d)\d+")
_COLOUR = re.compile(r"#[0-9a-f]{6}")

WIDTH_IN = 10.0
"""Width of every picture; the page scales it to the column."""


@contextmanager
def drawing() -> Iterator[None]:
    """The style of all pictures; a letter that the measuring font lacks is no reason not to report."""
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        yield


def new_figure(height_in: float) -> Figure:
    """An empty figure as wide as the page."""
    return Figure(figsize=(WIDTH_IN, height_in))


def inline(figure: Figure, name: str, title: str, description: str) -> Markup:
    """The figure as one ``<svg>`` element whose ids begin with ``name``, with title and description for readers aloud."""
    target = io.StringIO()
    figure.savefig(target, format="svg", metadata=dict(_METADATA))
    drawn = target.getvalue()
    body = drawn[drawn.index("<svg") :]
    body = body[body.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = _PLACED.sub(lambda match: _NEEDLESS.sub(r"\1", match[0]), body)
    body = _named_colours(_own_ids(body, name))
    width, height = (figure.get_size_inches() * 72).tolist()
    opening = (
        f'<svg class="picture" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(clean(title))}</title><desc id="{name}-desc">{escape(clean(description))}</desc>'
    )
    return Markup(opening + body.strip())  # noqa: S704 (drawn by matplotlib, which escapes; title and description are escaped here)


def _own_ids(body: str, name: str) -> str:
    # Two pictures on one page must not share ids, or the second takes its clips and hatches from the first.
    body = re.sub(r'\bid="', f'id="{name}-', body)
    return body.replace("url(#", f"url(#{name}-").replace('xlink:href="#', f'xlink:href="#{name}-')


def _named_colours(body: str) -> str:
    def named(match: re.Match[str]) -> str:
        return _COLOUR.sub(lambda c: f"var(--{_NAMES[c[0]]})" if c[0] in _NAMES else c[0], match[0])

    def filled(match: re.Match[str]) -> str:
        return f'style="fill: var(--{_NAMES[match[1]]})"' if match[1] in _NAMES else match[0]

    return _FILLED.sub(filled, _STYLED.sub(named, body))
