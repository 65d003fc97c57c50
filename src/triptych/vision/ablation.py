"""Ablation: networks that differ from a baseline in one setting, and the effect of each change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from triptych.vision.config import NetworkSettings

BASELINE = "baseline"
DROPOUT, LEARNING_CURVE = "dropout and batch normalisation", "training photos"
INTERACTION = "interaction"
_SHOWN = {"batch_norm": {True: "with batch normalisation", False: "without"}}


@dataclass(frozen=True)
class Trial:
    """One network of the ablation, its seed, and the number of its training photos."""

    factor: str
    level: str
    settings: NetworkSettings
    photos: int
    seed: int


def list_trials(
    baseline: NetworkSettings,
    grid: Mapping[str, Sequence[Mapping[str, Any]]],
    photos: int,
    seeds: Sequence[int],
) -> list[Trial]:
    """The baseline and each single change of it, with every seed.

    The grid has, by factor, the settings that each level changes; `photos` is one of them.
    """
    levels = [(BASELINE, BASELINE, baseline, photos)]
    for factor, changes in grid.items():
        for change in changes:
            names = {key: value for key, value in change.items() if key != "photos"}
            settings = type(baseline)(**{**baseline.model_dump(), **names})
            level = (factor, describe(change), settings, change.get("photos", photos))
            if level[2:] != (baseline, photos):
                levels.append(level)
    return [Trial(*level, seed) for level in levels for seed in seeds]


def dropout_grid(rates: Iterable[float]) -> list[dict[str, Any]]:
    """Every rate with and without batch normalisation."""
    return [{"dropout": rate, "batch_norm": norm} for norm, rate in product((True, False), rates)]


def describe(change: Mapping[str, Any]) -> str:
    """A change in words: `sgd, learning rate 0.05`."""
    words = [
        _SHOWN[name][value] if name in _SHOWN
        else str(value) if isinstance(value, str) else f"{name.replace('_', ' ')} {value:g}"
        for name, value in change.items()
    ]  # fmt: skip
    return ", ".join(words)


def best_rates(trials: pd.DataFrame) -> dict[str, float]:
    """The learning rate with the lowest validation loss of each optimiser in trials."""
    rows = trials.groupby(["optimiser", "learning_rate"], sort=False)["loss"].mean().reset_index()
    best = rows.loc[rows.groupby("optimiser", sort=False)["loss"].idxmin()]
    return dict(zip(best["optimiser"], best["learning_rate"], strict=True))


def summarise_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Summarise the validation accuracy of each change in trials (factor, level, seed, accuracy).

    Returns factor, level, runs, accuracy, lowest, highest; `change` against the baseline with the
    same seed, `change_low` and `change_high`: its 95 % interval over seeds (paired t), and
    significant: the interval excludes 0. The last row is the interaction of dropout and batch
    normalisation, if trials has both.
    """
    by_seed = trials.pivot(index="seed", columns=["factor", "level"], values="accuracy")
    base = by_seed[(BASELINE, BASELINE)]
    rows = []
    for factor, level in trials[["factor", "level"]].drop_duplicates().itertuples(index=False):
        accuracy = by_seed[(factor, level)]
        ends = {"accuracy": accuracy.mean(), "lowest": accuracy.min(), "highest": accuracy.max()}
        rows.append({"factor": factor, "level": level, "runs": len(accuracy), **ends,
                     **_interval(accuracy - base)})  # fmt: skip
    contrast = _interaction(trials)
    if contrast is not None:
        words = "highest less lowest dropout, with less without batch normalisation"
        rows.append({"factor": INTERACTION, "level": words, "runs": len(contrast),
                     **_interval(contrast)})  # fmt: skip
    return pd.DataFrame(rows)


def _interval(changes: "pd.Series[float]") -> dict[str, Any]:
    """The mean of changes by seed with its 95 % interval; none with one seed or equal values."""
    from statsmodels.stats.weightstats import DescrStatsW

    many = len(changes) > 1
    low, high = map(float, DescrStatsW(changes).tconfint_mean() if many else (-np.inf, np.inf))
    return {"change": float(changes.mean()), "change_low": low, "change_high": high,
            "significant": not low <= 0 <= high}  # fmt: skip


def _interaction(trials: pd.DataFrame) -> "pd.Series[float] | None":
    """By seed: what raising dropout changes with batch normalisation, less what without."""
    rows = trials[trials["factor"].isin([BASELINE, DROPOUT])]
    if "dropout" not in rows or rows["batch_norm"].nunique() < 2:  # noqa: PLR2004
        return None
    cells = rows.pivot_table(index="seed", columns=["batch_norm", "dropout"], values="accuracy")
    # by dropout, ascending; the baseline's may have been trained with batch normalisation only
    effect = pd.DataFrame(cells.xs(True, axis=1) - cells.xs(False, axis=1)).dropna(axis=1)
    found: pd.Series[float] = effect.iloc[:, -1] - effect.iloc[:, 0]
    return found
