"""One thing changed at a time: which networks are tried, and what each change did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from triptych.vision.config import NetworkSettings
from triptych.vision.errors import UnknownNetworkError

TRIAL_COLUMNS = ("factor", "level", "seed", "epochs", "accuracy", "loss", "seconds")
EFFECT_COLUMNS = (
    "factor", "level", "runs", "accuracy", "lowest", "highest", "change", "matters"
)  # fmt: skip
BASE = "base"
_NOISE = 2.0  # a change counts if it is more than so many standard errors of the seeds


@dataclass(frozen=True)
class Trial:
    """One network of the study, and the seed that it learns with."""

    factor: str
    level: str
    settings: NetworkSettings
    seed: int


def list_trials(
    base: NetworkSettings, grid: Mapping[str, Sequence[Mapping[str, Any]]], seeds: Sequence[int]
) -> list[Trial]:
    """The base, and each change of it by itself, with every seed.

    Args:
        base: what changes start from.
        grid: by factor, the settings that each level changes.
        seeds: all levels learn with the same ones.

    Raises:
        UnknownNetworkError: a change names no setting that there is.
    """
    levels = [(BASE, "as it is", base)]
    for factor, changes in grid.items():
        for change in changes:
            try:
                settings = replace(base, **change)
            except (TypeError, ValueError) as error:
                raise UnknownNetworkError(
                    f"The experiment {factor} changes {', '.join(change)}, and a network has no "
                    f"such setting ({error}). Correct vision.experiments.grid."
                ) from error
            if settings != base:
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
    """What each change did to validation accuracy, beside what a change of the seed does.

    Args:
        trials: TRIAL_COLUMNS.

    Returns:
        EFFECT_COLUMNS: `change` against the base; it `matters` if it is more than two standard
        errors, from the spread over seeds within all levels, and cannot if there is one seed.
    """
    groups = trials.groupby(["factor", "level"], sort=False)["accuracy"]
    table = groups.agg(runs="size", accuracy="mean", lowest="min", highest="max").reset_index()
    spare = int((table["runs"] - 1).sum())
    within = ((trials["accuracy"] - groups.transform("mean")) ** 2).sum()
    spread = float(np.sqrt(within / spare)) if spare else np.inf
    base = table.loc[table["factor"] == BASE].iloc[0]
    change = table["accuracy"] - base["accuracy"]
    error = spread * np.sqrt(1 / table["runs"] + 1 / base["runs"])
    return table.assign(change=change, matters=change.abs() > _NOISE * error)[list(EFFECT_COLUMNS)]
