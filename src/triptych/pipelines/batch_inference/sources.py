"""Recent weather of a batch of locations, and the sources that it comes from."""

from typing import NamedTuple

import pandas as pd

from triptych.forecasting.features.nwp import lead_days_by_model, nwp_column
from triptych.parameters.ingestion import PreprocessingParameters
from triptych.weather.recent import with_recent
from triptych.weather.steps import hours_to_history

SEPARATOR = "; "


class RecentBatch(NamedTuple):
    """The history of a batch, and `location, sources`."""

    history: pd.DataFrame
    sources: pd.DataFrame


def recent_batch(
    rows: tuple[pd.DataFrame, pd.DataFrame],
    locations: pd.DataFrame,
    preprocessing: PreprocessingParameters,
    recent_model: str | None,
) -> RecentBatch:
    """Join reanalysis and recent analysis of a batch, and build the forecasters' history.

    Args:
        rows: hours of `weather_hourly` with their source, and of `weather_recent`.
        locations: rows of the table `locations`.
        preprocessing: treatment of gaps.
        recent_model: name of the recent analysis.
    """
    hours, analyses = rows
    known = with_recent(hours.drop(columns="source"), analyses)
    names = hours.groupby("location")["source"].last().map("reanalysis ({})".format)
    late = known.groupby("location")["recent"].any()
    named = pd.DataFrame({"sources": names.reindex(late.index).fillna("")})
    named.loc[late, "sources"] += f"{SEPARATOR}recent analysis ({recent_model})"
    named["sources"] = named["sources"].str.removeprefix(SEPARATOR)
    limit = preprocessing.interpolation_limit_hours
    history = hours_to_history(locations, limit, known.drop(columns="recent"))
    return RecentBatch(history, named.rename_axis("location").reset_index())


def add_nwp_sources(
    sources: pd.DataFrame, history: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Name the weather models that have forecasts after `as_of`, by location."""
    later = history[history["time"] >= as_of].set_index("location")
    models = lead_days_by_model(map(str, history.columns))
    known = pd.DataFrame(
        {
            model: later[[nwp_column(model, day) for day in days]].notna().any(axis=1)
            for model, days in models.items()
        }
    )
    present = known.groupby(level="location").any()
    named = {
        slug: f"{SEPARATOR}NWP ({', '.join(row.index[row])})"
        for slug, row in present.iterrows()
        if row.any()
    }
    added = sources["location"].map(named).fillna("")
    return sources.assign(sources=sources["sources"] + added)
