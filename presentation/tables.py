"""Tables of the results, as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

Results = dict[str, Any]


def tabulate(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; all columns except the first and `reference` are right-aligned."""
    sides = ["---" if name == "reference" else "--:" for name in head[1:]]
    lines = [head, ["---", *sides], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def day_ahead(results: Results) -> str:
    """Write the day-ahead RMSE by model and city, best first; with older data, of all cities."""
    day = [row for row in results["rows"] if row["lead"] == "1-8"]
    ages = sorted({row["data_age"] for row in day})
    places = sorted({row["location"] for row in day} - {"all"})
    columns = [*((ages[0], place) for place in places), *((age, "all") for age in ages)]
    by_model: dict[str, dict[tuple[int, str], float]] = {}
    for row in day:
        by_model.setdefault(row["model"], {})[row["data_age"], row["location"]] = row["rmse"]
    order = sorted(by_model, key=lambda model: by_model[model][ages[0], "all"])
    older = (f"all, data {age} h old" for age in ages[1:])
    return tabulate(
        ["RMSE, °C", *(place.title() for place in places), "all", *older],
        (
            [mark(model, results), *(f"{by_model[model][column]:.2f}" for column in columns)]
            for model in order
        ),
    )


def served_rows(results: Results) -> list[dict[str, Any]]:
    """Return the forecast rows of the smallest data age, at which models are selected."""
    age = min(row["data_age"] for row in results["rows"])
    return [row for row in results["rows"] if row["data_age"] == age]


def scores(results: Results) -> str:
    """Write the accuracy of classifiers on the final split, best first."""
    rows = final_rows(results)
    named = str(rows[0]["split"]).replace("_", " ")
    return tabulate(
        [f"{named} split, n = {rows[0]['n']:,}", "accuracy", "95 % interval", "macro F1"],
        (
            [
                mark(row["model"], results),
                f"{row['accuracy']:.1%}",
                f"{row['accuracy_low']:.1%} to {row['accuracy_high']:.1%}",
                f"{row['macro_f1']:.3f}",
            ]
            for row in sorted(rows, key=lambda row: -row["accuracy"])
        ),
    )


def final_rows(results: Results) -> list[dict[str, Any]]:
    """Return the rows of the final split, of one data set and phase if the results name them."""
    split = final_split(results)
    rows = [row for row in results["rows"] if row["split"] == split]
    for name in ("dataset", "classes"):
        rows = [row for row in rows if results.get(name) in (None, row.get(name))]
    return rows


def final_split(results: Results) -> str:
    """Return the name of the final split: the test split if there is one."""
    splits = [str(row["split"]) for row in results["rows"]]
    return next((name for name in splits if name.lower().startswith("test")), splits[-1])


def measured(results: Results, begins: str = "") -> str:
    """Return the benchmark rows whose name starts with `begins`."""
    rows = [row for row in results["rows"] if row["what"].startswith(begins)]
    head = ["benchmark", "result", "reference"]
    return tabulate(
        head, ([row["what"], f"{row['value']:,} {row['unit']}", row["beside"]] for row in rows)
    )


def mark(model: str, results: Results) -> str:
    """Format a model name; the selected model is bold."""
    name = model.replace("_", " ")
    return f"**{name}**" if model == results.get("chosen") else name
