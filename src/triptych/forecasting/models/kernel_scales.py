"""What makes two weather situations alike: the scale of each feature in the kernel's distance."""

import re
from collections.abc import Iterable

import numpy as np

from triptych.forecasting.features.grid import FloatArray

PRESENT = 1.0  # the last step known, and how it got there
BACKGROUND = 0.25  # days and weeks before, and sunshine
FARTHER_NEIGHBOUR = 0.5
RECENT_WIND = 4  # steps: the wind that brings the air counts for longer
_NAME = re.compile(r"(?:neighbour(\d+)_)?(.+)_(lag|change|mean|min|max)(\d+)")


def feature_scales(names: Iterable[str]) -> FloatArray:
    """Scale of each standardised feature in the kernel's distance, 0 where it plays no part.

    Chosen on the validation years 2017-2018: present state and tendencies at full scale, background
    at a quarter, older single steps not at all, neighbours beyond the nearest at half.
    """
    return np.array([_scale(name) for name in names])


def _scale(name: str) -> float:
    match = _NAME.fullmatch(name)
    if match is None:
        return 0.0
    rank, variable, kind, number = match[1], match[2], match[3], int(match[4])
    distance = FARTHER_NEIGHBOUR if rank is not None and int(rank) > 1 else 1.0
    return distance * _importance(variable, kind, number)


def _importance(variable: str, kind: str, number: int) -> float:
    if variable == "shortwave_radiation":
        return BACKGROUND
    if variable.startswith("wind") and (kind == "mean" or number <= RECENT_WIND):
        return PRESENT
    if kind == "change" or (kind == "lag" and number == 1):
        return PRESENT
    return 0.0 if kind == "lag" else BACKGROUND
