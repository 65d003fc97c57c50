"""Backtests whose errors are given."""

import numpy as np
import pandas as pd


def backtest_of(errors: np.ndarray, model: str = "ridge", location: str = "a") -> pd.DataFrame:
    """Forecasts of a temperature of 10 °C with errors (observed less forecast) by day and lead."""
    day, lead = (grid.ravel() for grid in np.indices(errors.shape))
    as_of = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(day, unit="D")
    return pd.DataFrame(
        {
            "location": location,
            "model": model,
            "as_of": as_of,
            "time": as_of + pd.to_timedelta(3 * lead, unit="h"),
            "lead": lead + 1,
            "mean": 10.0 - errors.ravel(),
            "observed": 10.0,
        }
    )
