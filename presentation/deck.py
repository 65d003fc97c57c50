"""Renders slides.md with its quotations as one self-contained page."""

import re
from typing import Any

import mistune
from jinja2 import Environment, StrictUndefined

from presentation import charts, drawings, tables
from presentation.sources import ROOT, Sources

FOLDER = ROOT / "presentation"
FILE = ROOT / "docs" / "presentation.html"
_RULE = re.compile(r"^---$", re.MULTILINE)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Triptych</title>
<style>
{style}</style>
</head>
<body>
{slides}
<script>
{script}</script>
</body>
</html>
"""


def render(sources: Sources) -> str:
    """Render the page; deterministic for the same sources."""
    text = (FOLDER / "slides.md").read_text(encoding="utf-8")
    # Markdown, not HTML: no value of it comes from outside of the project
    environment = Environment(undefined=StrictUndefined, trim_blocks=True)  # noqa: S701
    filled = environment.from_string(text).render(_names(sources))
    return _PAGE.format(
        style=(FOLDER / "deck.css").read_text(encoding="utf-8"),
        script=(FOLDER / "deck.js").read_text(encoding="utf-8"),
        slides="\n".join(map(_lay_out, _RULE.split(filled))),
    )


def _names(sources: Sources) -> dict[str, Any]:
    """Return the functions available in slides.md."""
    return {
        "picture": sources.picture,
        "says": sources.says,
        "prose": sources.prose,
        "section": sources.section,
        "document": sources.document,
        "drawing": lambda name: _figure(drawings.draw(getattr(drawings, name), "inside")),
        "chart": lambda kind, name: _of_results(
            sources, name, lambda found: _figure(getattr(charts, kind)(found))
        ),
        "table": lambda kind, name, *more: _of_results(
            sources, name, lambda found: str(getattr(tables, kind)(found, *more))
        ),
        "data": lambda name: _of_results(sources, name, lambda found: str(found["data"])),
        "commit": lambda name: (sources.results(name) or {"commit": "nothing yet"})["commit"][:12],
    }


def _of_results(sources: Sources, name: str, make: Any) -> str:
    found = sources.results(name)
    if found is None:
        return f"*Not available: docs/results/{name}.json.*"
    return str(make(found))


def _figure(svg: str) -> str:
    """Wrap a picture in an HTML block, which Markdown keeps up to the next empty line."""
    return f"\n<figure>{' '.join(svg.split())}</figure>\n"


def _lay_out(slide: str) -> str:
    body = str(mistune.create_markdown(escape=False, plugins=["table"])(slide.strip()))
    return f"<section>\n{body}</section>"
