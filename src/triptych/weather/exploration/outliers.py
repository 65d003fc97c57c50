"""Steps whose temperature is far from what trend and seasons lead to expect."""

import pandas as pd

from triptych.weather.exploration.decomposition import PARTS

_TO_DEVIATION = 1.4826  # MAD to standard deviation, of a normal distribution
_FINEST = 0.1  # °C: the resolution of the data


def robust_scores(decomposition: pd.DataFrame) -> pd.DataFrame:
    """Score the residual of every step: z = (residual - median) / (1.4826 MAD).

    Median and MAD (Iglewicz and Hoaglin, 1993, How to Detect and Handle Outliers, section 3) are
    those of the location and calendar month, since winter is more variable than summer.

    Returns:
        location, time, observed, expected, residual, scale (°C), score; NaN where missing.
    """
    keys = [decomposition["location"], decomposition["time"].dt.month.rename("month")]
    residual = decomposition["residual"]
    centred = residual - residual.groupby(keys).transform("median")
    spread = centred.abs().groupby(keys).transform("median")
    scale = (_TO_DEVIATION * spread).clip(lower=_FINEST)
    return decomposition[["location", "time", "observed"]].assign(
        expected=decomposition[PARTS].sum(axis=1, skipna=False),
        residual=residual,
        scale=scale,
        score=centred / scale,
    )


def find_anomalies(decomposition: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return the rows of `robust_scores` beyond `threshold`, in robust standard deviations."""
    scores = robust_scores(decomposition)
    return scores[scores["score"].abs() > threshold].reset_index(drop=True)
