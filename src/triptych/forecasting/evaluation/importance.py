"""Importance of the explanatory variables of a fitted forecaster."""

import numpy as np
import pandas as pd

from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.ensemble import EnsembleForecaster


def importance(forecaster: PanelForecaster) -> pd.DataFrame:
    """Frame `feature, importance`, greatest first, the shares summing to 1; empty for a baseline.

    Gain for trees, absolute coefficients or weights for linear models, slopes for kernel ridge; an
    ensemble averages its members' shares.
    """
    members = forecaster.members if isinstance(forecaster, EnsembleForecaster) else [forecaster]
    shares = [_shares(member) for member in members if member.feature_names]
    if not shares:
        return pd.DataFrame({"feature": pd.Series(dtype="str"), "importance": []})
    mean = pd.concat(shares, axis=1).fillna(0.0).mean(axis=1)
    table = mean.rename_axis("feature").rename("importance").reset_index()
    table = table.round(9)  # the last bits differ between CPUs and must not decide the order
    return table.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)


def _shares(member: PanelForecaster) -> "pd.Series[float]":
    values = member.importance_values()
    return pd.Series(values / max(float(np.sum(values)), 1e-300), index=list(member.feature_names))
