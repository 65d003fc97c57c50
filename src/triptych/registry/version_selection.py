"""Which version forecasts a location: the one in production, unless it has seen what is asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Row = dict[str, Any]


def choose_versions(
    rows: Sequence[Row],
    promoted: Mapping[str, int],
    locations: Sequence[str],
    as_of: datetime,
) -> tuple[dict[str, Row], dict[str, str]]:
    """Take for each location the production version that knows it, the one promoted last.

    If that one has seen data at or after `as_of`, take its evaluated model, fitted before its test
    period, or the newest version that has not seen them, in any stage but archived.

    Args:
        rows: of `models`, newest first.
        promoted: by model id, a number that grows with each promotion to production.
        locations: slugs.
        as_of: issue time; training data end before it.

    Returns:
        The version of each location that has one, with `evaluated`: whether to load the evaluated
        model instead of its refit; of each other location, what to do about it.
    """
    versions, reasons = {}, {}
    knowing = [(row, set(row["locations"])) for row in rows]
    for slug in locations:
        of_slug = [row for row, known in knowing if slug in known]
        found = _choose(of_slug, promoted, slug, as_of)
        if isinstance(found, str):
            reasons[slug] = found
        else:
            versions[slug] = found
    return versions, reasons


def _choose(
    knowing: Sequence[Row], promoted: Mapping[str, int], location: str, as_of: datetime
) -> Row | str:
    """The version, or why there is none."""
    usable = [row for row in knowing if row["stage"] != "archived"]
    production = [row for row in usable if row["stage"] == "production"]
    if knowing and not production:
        row = [*usable, *knowing][0]
        return (
            f"No version in production forecasts {location!r}. Promote one: kedro model promote "
            f"{row['name']} {row['version']} --by YOUR-NAME --reason WHY (`kedro model list` "
            "shows all)"
        )
    last = sorted(production, key=lambda row: promoted.get(row["model_id"], 0))[-1:]
    for row in [*last, *usable]:
        for end, evaluated in ((row["train_end"], False), (row["evaluated_train_end"], True)):
            if end is not None and end <= as_of:
                return {**row, "evaluated": evaluated}
    known = "no model was trained on it"
    if usable:
        earliest = min(row["evaluated_train_end"] or row["train_end"] for row in usable)
        known = f"its models were trained on data until {earliest:%Y-%m-%d} or later"
    return (
        f"No model can forecast {location!r} as of {as_of:%Y-%m-%d}: {known}. Train one on "
        f'what was known then: kedro run --params "as_of={as_of:%Y-%m-%d},location={location}" '
        "(with --env live for a real city)."
    )
