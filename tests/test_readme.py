"""The README quotes results that the program wrote; what the documents name is there."""

import json
import re

from tests.acceptance.results import FILE, README, with_results
from tests.fixtures.project import ROOT
from triptych.store.tables import metadata


def test_results_are_quoted_not_retyped() -> None:
    table = json.loads(FILE.read_text(encoding="utf-8"))
    readme = README.read_text(encoding="utf-8")
    assert readme == with_results(readme, table)


def test_a_retyped_figure_is_noticed() -> None:
    table = json.loads(FILE.read_text(encoding="utf-8"))
    quoted = with_results(README.read_text(encoding="utf-8"), table)
    row = next(
        r
        for r in table["rows"]
        if (r["lead"], r["model"], r["location"]) == ("1-8", "climatology", "paris")
    )
    retyped = quoted.replace(f"{row['rmse']:.2f}", "0.01")
    assert retyped != with_results(retyped, table)


def unnamed_tables(text: str) -> list[str]:
    """The tables that a document does not name in backticks."""
    return [name for name in metadata.tables if f"`{name}`" not in text]


def test_the_architecture_names_every_table() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    assert unnamed_tables(text) == []
    assert unnamed_tables(text.replace("`forecast_scores`", "")) == ["forecast_scores"]


def lost_links(readme: str) -> list[str]:
    """The files of the project that are linked or shown, and are not there."""
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", readme)
    return [target for target in targets if not (ROOT / target).exists()]


def test_what_the_readme_links_is_there() -> None:
    readme = README.read_text(encoding="utf-8")

    assert lost_links(readme) == []
    assert lost_links(f"{readme} [gone](docs/gone.md)") == ["docs/gone.md"]
