"""Which model goes on: decided on validation, before the test period is looked at."""

from collections.abc import Sequence

import pandas as pd

from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.evaluation.metrics import ALL, DAY


def rank(scores: pd.DataFrame, candidates: Sequence[str]) -> list[str]:
    """The candidates by RMSE over leads 1-8, averaged over locations, least first; the first named
    wins a tie.

    `scores`: the table of metrics.score on the validation period.
    """
    rows = scores[(scores["lead"] == DAY) & (scores["location"] != ALL)]
    means = rows.groupby("model")["rmse"].mean().reindex(list(candidates))
    missing = means.index[means.isna()].tolist()
    if missing or means.empty:
        raise ForecastingError(
            "There is no day-ahead score to choose by for: "
            f"{', '.join(missing) or 'no candidate'}. "
            "Backtest every candidate over leads 1-8 of the validation period."
        )
    return [str(name) for name in means.round(9).sort_values(kind="stable").index]
