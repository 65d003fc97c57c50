"""SVG diagrams: architecture with data flow, and delivery from a commit to an image.

Shown in README and slides; they support light and dark mode.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_STYLE = """
.drawing { font: 13px system-ui, sans-serif; }
.drawing rect { fill: #f4f1ea; stroke: #5b7f95; rx: 6px; }
.drawing rect.store { fill: #e3ecf1; }
.drawing rect.people { fill: #fbe9df; stroke: #b4441e; }
.drawing text { fill: #1d2733; }
.drawing text.name { font-weight: 600; }
.drawing text.on { fill: #4a5866; font-size: 11.5px; }
.drawing path.arrow { stroke: #4a5866; fill: none; stroke-width: 1.5; }
.drawing marker path { fill: #4a5866; }
@media (prefers-color-scheme: dark) {
  .alone rect { fill: #22303c; stroke: #7fa6bd; }
  .alone rect.store { fill: #1b3a4b; }
  .alone rect.people { fill: #4b2a1c; stroke: #e08a63; }
  .alone text { fill: #e8edf2; }
  .alone text.on { fill: #b6c2cd; }
  .alone path.arrow { stroke: #b6c2cd; }
  .alone marker path { fill: #b6c2cd; }
}
"""
_LINE = 16


@dataclass(frozen=True)
class Box:
    """A box: upper left corner, size, name and description; `kind` selects the colour."""

    x: int
    y: int
    width: int
    height: int
    name: str
    lines: Sequence[str] = ()
    kind: str = "room"


@dataclass(frozen=True)
class Arrow:
    """An arrow through points, with a label."""

    points: Sequence[tuple[int, int]]
    says: str = ""
    at: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Drawing:
    """A diagram with its size and alternative text."""

    file: str
    title: str
    width: int
    height: int
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]


def draw(drawing: Drawing, kind: str = "alone") -> str:
    """Render as SVG; `alone` supports light and dark mode."""
    name = drawing.file.partition(".")[0]
    size = f'width="{drawing.width}" height="{drawing.height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing {kind}" role="img" {size} '
        f'viewBox="0 0 {drawing.width} {drawing.height}">',
        f"<title>{escape(drawing.title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<defs><marker id="{name}-head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        'markerHeight="7" orient="auto-start-reverse"><path d="M0 0 10 5 0 10z"/></marker></defs>',
        *(_draw_arrow(arrow, name) for arrow in drawing.arrows),
        *(_draw_box(box) for box in drawing.boxes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _draw_box(box: Box) -> str:
    top = box.y + box.height // 2 - _LINE * len(box.lines) // 2 + 5
    middle = box.x + box.width // 2
    lines = [(box.name, "name"), *((line, "on") for line in box.lines)]
    texts = "".join(
        f'<text class="{kind}" x="{middle}" y="{top + _LINE * n}" text-anchor="middle">'
        f"{escape(line)}</text>"
        for n, (line, kind) in enumerate(lines)
    )
    return (
        f'<rect class="{box.kind}" x="{box.x}" y="{box.y}" width="{box.width}" '
        f'height="{box.height}"/>{texts}'
    )


def _draw_arrow(arrow: Arrow, name: str) -> str:
    path = "M" + " L".join(f"{x} {y}" for x, y in arrow.points)
    x, y = arrow.at
    said = f'<text class="on" x="{x}" y="{y}">{escape(arrow.says)}</text>' if arrow.says else ""
    return f'<path class="arrow" d="{path}" marker-end="url(#{name}-head)"/>{said}'


ARCHITECTURE = Drawing(
    "architecture.svg",
    "Sources, pipelines, stores and API, with the data flow",
    980,
    410,
    (
        Box(10, 24, 150, 62, "Open-Meteo", ("or the embedded", "sample"), "people"),
        Box(10, 180, 150, 62, "Field photos", ("a folder, or the", "synthetic sample"), "people"),
        Box(10, 332, 150, 62, "Film reviews", ("files, or the", "synthetic sample"), "people"),
        Box(206, 24, 136, 62, "ingestion", ("requests missing data,", "validates rows")),
        Box(390, 10, 160, 46, "preprocessing", ("3-hour means",)),
        Box(390, 72, 160, 46, "ts_statistical, ts_ml", ("fit, tune, forecast",)),
        Box(390, 134, 160, 46, "ts_evaluation", ("comparison",)),
        Box(206, 180, 136, 62, "vision", ("networks, baselines,", "explanations")),
        Box(206, 332, 136, 62, "nlp", ("classifiers, LSTM,", "error analysis")),
        Box(390, 220, 160, 78, "MLflow", ("runs, metrics, plots;", "model registry"), "store"),
        Box(390, 332, 160, 62, "batch_inference", ("with the", "production version")),
        Box(
            620,
            72,
            180,
            180,
            "SQL database",
            (
                "SQLite or PostgreSQL",
                "weather_hourly, weather_3h",
                "models, model_transitions",
                "predictions, inputs, scores",
                "image_predictions",
                "text_predictions",
                "rejected_rows",
            ),
            "store",
        ),
        Box(620, 332, 180, 62, "monitoring", ("errors, skill, coverage,", "drift; warnings")),
        Box(850, 72, 120, 62, "API", ("read-only,", "from the tables")),
        Box(850, 172, 120, 62, "/, /docs", ("dashboard; JSON, CSV,", "OpenAPI"), "people"),
        Box(850, 332, 120, 62, "kedro model", ("promote, reject,", "roll back"), "people"),
    ),
    (
        Arrow([(160, 55), (206, 55)]),
        Arrow([(160, 211), (206, 211)]),
        Arrow([(160, 363), (206, 363)]),
        Arrow([(342, 40), (390, 33)]),
        Arrow([(470, 56), (470, 72)]),
        Arrow([(470, 118), (470, 134)]),
        Arrow([(550, 33), (710, 33), (710, 72)], "keyed writes", (570, 26)),
        Arrow([(470, 180), (470, 220)]),
        Arrow([(342, 211), (366, 211), (366, 244), (390, 244)]),
        Arrow([(342, 354), (366, 354), (366, 276), (390, 276)]),
        Arrow([(470, 298), (470, 332)]),
        Arrow([(550, 354), (585, 354), (585, 190), (620, 190)]),
        Arrow([(700, 252), (700, 332)]),
        Arrow([(725, 332), (725, 252)]),
        Arrow([(800, 103), (850, 103)], "SELECT", (803, 95)),
        Arrow([(910, 134), (910, 172)]),
        Arrow([(850, 354), (825, 354), (825, 215), (800, 215)]),
    ),
)

DELIVERY = Drawing(
    "delivery.svg",
    "From a push to the image tagged latest: the jobs of GitHub Actions and their outputs",
    960,
    250,
    (
        Box(10, 94, 110, 62, "push", ("to main, or a", "pull request"), "people"),
        Box(170, 10, 170, 50, "lint", ("style, types, architecture",)),
        Box(170, 70, 170, 50, "test", ("SQLite and PostgreSQL",)),
        Box(170, 130, 170, 50, "image", ("built and tested",)),
        Box(170, 190, 170, 50, "audit", ("pip-audit on the locks",)),
        Box(410, 70, 160, 62, "push", ("to ghcr.io, tagged with", "the commit: a digest"), "store"),
        Box(620, 40, 140, 50, "scan", ("Trivy on the digest",)),
        Box(620, 112, 140, 50, "sbom", ("sbom.cdx.json",)),
        Box(810, 94, 140, 62, "release", ("tags the digest", "latest"), "store"),
    ),
    (
        Arrow([(120, 110), (145, 110), (145, 35), (170, 35)]),
        Arrow([(120, 118), (145, 118), (145, 95), (170, 95)]),
        Arrow([(120, 132), (145, 132), (145, 155), (170, 155)]),
        Arrow([(120, 140), (145, 140), (145, 215), (170, 215)]),
        Arrow([(340, 35), (375, 35), (375, 90), (410, 90)]),
        Arrow([(340, 100), (410, 100)]),
        Arrow([(340, 155), (375, 155), (375, 112), (410, 112)], "image.tar", (350, 172)),
        Arrow([(570, 90), (595, 90), (595, 65), (620, 65)]),
        Arrow([(570, 110), (595, 110), (595, 137), (620, 137)]),
        Arrow([(760, 65), (785, 65), (785, 112), (810, 112)]),
        Arrow([(760, 137), (810, 137)]),
        Arrow([(340, 215), (785, 215), (785, 148), (810, 148)]),
    ),
)  # fmt: skip
