"""Recent weather of a batch of locations, and the sources that it comes from."""

import pandas as pd

from triptych.forecasting.features.nwp import lead_days_by_model, nwp_column
from triptych.parameters.ingestion import PreprocessingParameters
from triptych.weather.recent import with_recent
from triptych.weather.steps import hours_to_history

SEPARATOR = "; "


def prepare_batch(
    locations: pd.DataFrame,
    preprocessing: PreprocessingParameters,
    recent_model: str | None,
    rows: tuple[pd.DataFrame, pd.DataFrame],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join reanalysis and recent analysis of a batch, and build the forecasters' history.

    Args:
        locations: rows of the table `locations`.
        preprocessing: treatment of gaps.
        recent_model: name of the recent analysis.
        rows: hours of `weather_hourly` with their source, and of `weather_recent`.

    Returns:
        The history, and a frame of `location, sources`.
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
    return history, named.rename_axis("location").reset_index()


def add_nwp_sources(
    sources: pd.DataFrame, history: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Name the weather models that have forecasts after `as_of`, by location."""
    later = history[history["time"] >= as_of].set_index("location")
    known = {
        model: later[[nwp_column(model, day) for day in days]].notna().any(axis=1)
        for model, days in lead_days_by_model(map(str, history.columns)).items()
    }
    present = pd.DataFrame(known).groupby(level="location").any()
    named = present.apply(lambda row: f"{SEPARATOR}NWP ({', '.join(row.index[row])})", axis=1)
    added = sources["location"].map(named[present.any(axis=1)]).fillna("")
    return sources.assign(sources=sources["sources"] + added)
