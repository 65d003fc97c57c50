"""Which values of weather models are stored, and which hours are complete."""

from collections import Counter

import pandas as pd

from triptych.classification.sources import explain_excess
from triptych.pipelines.ingestion.nodes import with_id
from triptych.weather.validation.schemas import check_hourly
from triptych.weather.variables import TEMPERATURE


def accept_rows(
    frame: pd.DataFrame, max_rejected_share: float
) -> tuple[pd.DataFrame, pd.DataFrame, dict[tuple[str, str], str]]:
    """Check values as those of the archive are checked.

    Args:
        frame: location, model, time, perhaps lead_day, temperature_2m and other variables.
        max_rejected_share: of the temperatures of a model at a location; beyond, none is accepted.

    Returns:
        The accepted rows, the rows of `rejected_rows`, and a message for each location and model of
        which nothing was accepted.
    """
    if frame.empty:
        return frame, frame, {}
    # The rules know rows by location and time; here each model and lead has rows of its own.
    leads = frame["lead_day"].astype(str) if "lead_day" in frame else ""
    checked = check_hourly(
        frame.assign(location=frame["location"] + " " + frame["model"] + " " + leads)
    )
    names = [name.split(" ") for name in checked.rejected["location"]]
    rejected = checked.rejected.assign(
        location=[slug for slug, _, _ in names],
        source=[model for _, model, _ in names],
        row=[
            row | ({"lead_day": int(lead)} if lead else {})
            for row, (_, _, lead) in zip(checked.rejected["row"], names, strict=True)
        ],
    )
    accepted = checked.accepted
    accepted["location"] = accepted["location"].str.partition(" ")[0]
    refused: dict[tuple[str, str], str] = {}
    wrong = rejected[rejected["variable"] == TEMPERATURE]
    counts = Counter(zip(wrong["location"], wrong["source"], strict=True))
    for (slug, model), failed in counts.items():
        own = (accepted["location"] == slug) & (accepted["model"] == model)
        excess = explain_excess(failed, int(own.sum()), max_rejected_share)
        if excess:
            accepted = accepted[~own]
            refused[slug, model] = (
                f"{model}, {slug}, impossible temperatures: {excess} (ingestion."
                "max_rejected_share). Nothing of this answer was stored; the table rejected_rows "
                "says more."
            )
    if "lead_day" in accepted:
        accepted = accepted.dropna(subset=[TEMPERATURE])
    return accepted, with_id(rejected), refused


def complete_hours(frame: pd.DataFrame | None) -> pd.DatetimeIndex:
    """The hours that have the temperature of each lead day that the model has."""
    if frame is None:
        return pd.DatetimeIndex([], tz="UTC")
    counts = frame.dropna(subset=[TEMPERATURE])["time"].value_counts().sort_index()
    leads = frame["lead_day"].nunique() if "lead_day" in frame else 1
    return pd.DatetimeIndex(counts.index[counts == leads])
