"""The baselines' forecasts of the same targets, from the same origins, with the same knowledge."""

from collections.abc import Sequence

import pandas as pd

from triptych.forecasting.models.factory import BASELINE_NAMES, make_forecaster


def forecast_references(
    history: pd.DataFrame,
    train_start: pd.Timestamp,
    train_end: pd.Timestamp,
    origins: pd.DatetimeIndex,
    leads: Sequence[int],
) -> pd.DataFrame:
    """Forecast `leads` from each origin with every baseline, fitted on [train_start, train_end).

    Returns location, origin, time and a column in °C for each of BASELINE_NAMES.
    """
    training = history[(history["time"] >= train_start) & (history["time"] < train_end)]
    baselines = [make_forecaster(name, {}, max_lead=max(leads), seed=0) for name in BASELINE_NAMES]
    first = baselines[0].fit(training)
    for other in baselines[1:]:  # they all stand on the one climatology
        other.fit_panel(first.fitted, first.panel(training))
    known = history[history["time"] >= train_start]
    tables = [baseline.predict(known, origins, leads) for baseline in baselines]
    keys = tables[0][["location", "as_of", "time"]].rename(columns={"as_of": "origin"})
    means = [table["mean"].to_numpy() for table in tables]
    return keys.assign(**dict(zip(BASELINE_NAMES, means, strict=True)))
