"""Ablation: networks that differ from a baseline in one setting, and the effect of each change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from triptych.vision.config import NetworkSettings

BASELINE = "baseline"
_STANDARD_ERRORS = 2.0  # a larger change is significant


@dataclass(frozen=True)
class Trial:
    """One network of the ablation and its seed."""

    factor: str
    level: str
    settings: NetworkSettings
    seed: int


def list_trials(
    baseline: NetworkSettings, grid: Mapping[str, Sequence[Mapping[str, Any]]], seeds: Sequence[int]
) -> list[Trial]:
    """The baseline and each single change of it, with every seed.

    The grid has, by factor, the settings that each level changes.
    """
    levels = [(BASELINE, BASELINE, baseline)]
    for factor, changes in grid.items():
        for change in changes:
            settings = type(baseline)(**{**baseline.model_dump(), **change})
            if settings != baseline:
                levels.append((factor, describe(change), settings))
    return [Trial(*level, seed) for level in levels for seed in seeds]


def describe(change: Mapping[str, Any]) -> str:
    """A change in words: `sgd, learning rate 0.05`."""
    words = [
        str(value) if isinstance(value, str) else f"{name.replace('_', ' ')} {value}"
        for name, value in change.items()
    ]
    return ", ".join(words)


def summarise_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Summarise the validation accuracy of each change in trials (factor, level).

    Returns:
        factor, level, runs, accuracy, lowest, highest, change (against the baseline), significant:
        more than two standard errors from the spread over seeds within the levels; never with one
        seed.
    """
    groups = trials.groupby(["factor", "level"], sort=False)["accuracy"]
    table = groups.agg(runs="size", accuracy="mean", lowest="min", highest="max").reset_index()
    freedom = int((table["runs"] - 1).sum())
    within = ((trials["accuracy"] - groups.transform("mean")) ** 2).sum()
    spread = float(np.sqrt(within / freedom)) if freedom else np.inf
    baseline = table.loc[table["factor"] == BASELINE].iloc[0]
    change = table["accuracy"] - baseline["accuracy"]
    error = spread * np.sqrt(1 / table["runs"] + 1 / baseline["runs"])
    return table.assign(change=change, significant=change.abs() > _STANDARD_ERRORS * error)
