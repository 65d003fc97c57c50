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
    """Take for each location the version in production that knows it, the one promoted last.

    If that one has seen data at or after `as_of`, a hindcast is asked for: then its evaluated
    model, fitted before its test period, or the newest version that has not seen them, in any
    stage but archived.

    Args:
        rows: of `models`, newest first.
        promoted: by model id, a number that grows with each promotion to production.
        locations: slugs.
        as_of: nothing at or after it may have been seen in training.

    Returns:
        The version of each location that has one, with `evaluated`: whether to load the evaluated
        model instead of its refit; of each other location, what to do about it.
    """
    knowing = [(row, set(row["locations"])) for row in rows]
    found = {
        slug: _choose([row for row, known in knowing if slug in known], promoted, slug, as_of)
        for slug in locations
    }
    versions = {slug: row for slug, row in found.items() if not isinstance(row, str)}
    reasons = {slug: reason for slug, reason in found.items() if isinstance(reason, str)}
    return versions, reasons


def _choose(
    knowing: Sequence[Row], promoted: Mapping[str, int], location: str, as_of: datetime
) -> Row | str:
    """The version, or why there is none."""
    production = [row for row in knowing if row["stage"] == "production"]
    if knowing and not production:
        return _promote_one(location, knowing)
    last = sorted(production, key=lambda row: promoted.get(row["model_id"], 0))[-1:]
    usable = [row for row in knowing if row["stage"] != "archived"]
    for row in [*last, *usable]:
        if row["train_end"] <= as_of:
            return {**row, "evaluated": False}
        if row["evaluated_train_end"] is not None and row["evaluated_train_end"] <= as_of:
            return {**row, "evaluated": True}
    return _train_one(location, usable, as_of)


def _promote_one(location: str, knowing: Sequence[Row]) -> str:
    row = next((row for row in knowing if row["stage"] != "archived"), knowing[0])
    return (
        f"No version in production forecasts {location!r}. Promote one: kedro model promote "
        f"{row['name']} {row['version']} --by YOUR-NAME --reason WHY (`kedro model list` shows all)"
    )


def _train_one(location: str, usable: Sequence[Row], as_of: datetime) -> str:
    found = "no model was trained on it"
    if usable:
        earliest = min(row["evaluated_train_end"] or row["train_end"] for row in usable)
        found = f"its models were trained on data until {earliest:%Y-%m-%d} or later"
    return (
        f"No model can forecast {location!r} as of {as_of:%Y-%m-%d}: {found}. Train one on "
        f'what was known then: kedro run --params "as_of={as_of:%Y-%m-%d},location={location}" '
        "(with --env live for a real city)."
    )
