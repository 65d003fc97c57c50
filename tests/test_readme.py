"""The README quotes results that the program wrote."""

import json

from tests.acceptance.results import FILE, README, with_results


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
