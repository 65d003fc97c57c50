"""Steps whose temperature is far from what trend and seasons lead to expect."""

import pandas as pd

from triptych.weather.exploration.decomposition import PARTS

_TO_DEVIATION = 1.4826  # MAD to standard deviation, of a normal distribution
_FINEST = 0.1  # °C: what is recorded to a tenth is judged no finer


def robust_scores(decomposition: pd.DataFrame) -> pd.DataFrame:
    """Score the residual of every step: z = (residual - median) / (1.4826 MAD).

    Median and MAD (Iglewicz and Hoaglin, 1993, How to Detect and Handle Outliers, section 3) are
    those of the location and the calendar month: winter is more variable than summer, and one
    scale for all would call every winter anomalous.

    Args:
        decomposition: location, time, observed, trend, yearly, daily, residual (°C).

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


def anomalies(scores: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Take the steps whose score lies beyond `threshold`, above or below.

    Args:
        scores: as `robust_scores` gives them.
        threshold: in robust standard deviations.

    Returns:
        The rows of `scores` that are anomalous, by location and time.
    """
    return scores[scores["score"].abs() > threshold].reset_index(drop=True)
