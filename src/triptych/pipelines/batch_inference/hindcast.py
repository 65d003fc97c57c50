"""Forecasts of days that have passed, as they would have been issued then."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from triptych.errors import ParameterError
from triptych.forecasting.contract import FORECAST_COLUMNS, STEP, STEPS_PER_DAY
from triptych.forecasting.evaluation.backtest import daily_origins
from triptych.forecasting.models.base import PanelForecaster


def first_origin(since: date | None, issued: pd.Timestamp) -> pd.Timestamp:
    """The earliest instant that the run forecasts from: `since`, or that of issue.

    Raises:
        ParameterError: `since` does not lie before the instant of issue.
    """
    if since is None:
        return issued
    earliest = pd.Timestamp(str(since), tz="UTC")
    if earliest >= issued:
        raise ParameterError(
            f"Parameter batch_inference.since must lie before as_of ({issued:%Y-%m-%d}). Found "
            f"{since}. Name an earlier day, or leave it out to forecast from as_of alone."
        )
    return earliest


def hindcast(
    forecaster: PanelForecaster,
    history: pd.DataFrame,
    slugs: Sequence[str],
    earliest: pd.Timestamp,
    issued: pd.Timestamp,
    horizon_days: int,
) -> pd.DataFrame:
    """Forecast from every midnight in [earliest, issued), in one call.

    A late source is taken to have been on time, as in a backtest: a forecast stands on all that is
    known today of the time before its origin.

    Args:
        history: steps with those that the features look back on; it may reach beyond `issued`.
        slugs: the locations to forecast, of those in `history`.

    Returns:
        Forecasts (contract.FORECAST_COLUMNS) and `known_until`, their origin.
    """
    known = history[history["temperature_2m"].notna()].groupby("location")["time"].max() + STEP
    end = min(issued, known.max() + STEP) if len(known) else earliest  # no later origin is in time
    if end <= earliest.ceil("D"):
        return pd.DataFrame(columns=[*FORECAST_COLUMNS, "known_until"])
    origins = daily_origins(earliest, end)
    leads = range(1, min(horizon_days * STEPS_PER_DAY, forecaster.max_lead) + 1)
    forecast = forecaster.predict(history, origins, leads).dropna(subset="mean")
    wanted = forecast["location"].isin(slugs)
    in_time = forecast["as_of"] <= forecast["location"].map(known)
    return forecast[wanted & in_time].assign(known_until=forecast["as_of"])
