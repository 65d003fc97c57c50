"""Is one forecaster really better than another? Paired tests on the same targets."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from triptych.forecasting.arrays import FloatArray
from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY
from triptych.forecasting.evaluation.metrics import ALL, DAY, common_targets

PAIRED_COLUMNS = (
    "location", "lead", "model", "other", "n", "difference", "low", "high", "statistic", "p_value"
)  # fmt: skip
DRAWS = 2000
CONFIDENCE = 0.95


def paired_tests(
    forecasts: pd.DataFrame, model: str, others: Sequence[str], seed: int
) -> pd.DataFrame:
    """Compare `model` with each of `others` on the days that all of them forecast: PAIRED_COLUMNS.

    The loss of a day is the mean squared error of its leads (`1-8`, `all`), °C²; `difference` is
    the mean loss of `other` minus that of `model`. `low, high`: 95 % interval by the block
    bootstrap. `statistic, p_value`: Diebold-Mariano, two-sided. `n` counts days.
    """
    rows = common_targets(forecasts[forecasts["model"].isin([model, *others])])
    of_location = rows.groupby("location")["model"].transform("nunique")
    of_lead = rows.groupby(["location", "lead"])["model"].transform("nunique")
    rows = rows[of_lead == of_location]  # leads that every model reaches
    rows = rows.assign(loss=(rows["mean"] - rows["observed"]) ** 2)
    days = -(-int(rows["lead"].max()) // STEPS_PER_DAY)
    table = []
    for lead, horizon, part in ((DAY, 1, rows[rows["lead"].isin(DAY_LEADS)]), (ALL, days, rows)):
        losses = part.groupby(["location", "as_of", "model"])["loss"].mean().unstack("model")
        together = losses.groupby("as_of").mean()
        for location, own in [*losses.groupby("location"), (ALL, together)]:
            for other in others:
                difference = (own[other] - own[model]).to_numpy()
                interval = block_bootstrap(difference, seed)
                test = diebold_mariano(difference, horizon)
                size = (len(difference), difference.mean())
                table.append((location, lead, model, other, *size, *interval, *test))
    return pd.DataFrame(table, columns=list(PAIRED_COLUMNS))


def diebold_mariano(differences: FloatArray, horizon: int = 1) -> tuple[float, float]:
    """Statistic and two-sided p-value of equal accuracy, from loss differences in order of time.

    Diebold and Mariano (J. Business & Economic Statistics 13, 1995, 253-263) with the correction of
    Harvey, Leybourne and Newbold (Int. J. Forecasting 13, 1997, 281-291); `horizon`: origins that a
    forecast reaches over. NaN, NaN if the differences do not vary or are fewer than two.
    """
    from scipy.stats import t

    count = len(differences)
    if count < 2 or not np.ptp(differences) > 0:  # noqa: PLR2004
        return float("nan"), float("nan")
    centred = differences - differences.mean()
    covariances = [
        centred[lag:] @ centred[: count - lag] / count for lag in range(min(horizon, count - 1))
    ]
    variance = covariances[0] + 2 * sum(covariances[1:])
    if variance <= 0:
        variance = covariances[0]
    correction = (count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count
    statistic = differences.mean() / np.sqrt(variance / count) * np.sqrt(max(correction, 0.0))
    return float(statistic), float(2 * t.sf(abs(statistic), count - 1))


def block_bootstrap(differences: FloatArray, seed: int) -> tuple[float, float]:
    """95 % interval of the mean, from circular blocks of n^(1/3) days (Politis and Romano,
    Exploring the Limits of Bootstrap, 1992, 263-270; Künsch, Annals of Statistics 17, 1989,
    1217-1241).
    """
    # scipy.stats.bootstrap resamples single days: it has no blocks.
    count = len(differences)
    length = int(np.ceil(count ** (1 / 3)))
    blocks = differences[(np.arange(count)[:, None] + np.arange(length)) % count].mean(axis=1)
    starts = np.random.default_rng(seed).integers(0, count, (DRAWS, -(-count // length)))
    means = blocks[starts].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
