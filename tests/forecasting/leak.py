"""The leak test: a forecast may not depend on values at or after its origin."""

from collections.abc import Callable

import numpy as np
import pandas as pd

KEYS = ["location", "time", "latitude", "longitude"]


def later_changed(history: pd.DataFrame, origin: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Copies of a history whose values at or after `origin` are noise, missing, or cut off."""
    later = (history["time"] >= origin).to_numpy()
    values = [name for name in history if name not in KEYS]
    noise, blank = history.copy(), history.copy()
    rng = np.random.default_rng(1)
    noise.loc[later, values] = rng.normal(0, 1e4, (int(later.sum()), len(values)))
    blank.loc[later, values] = np.nan
    return {"noise": noise, "blank": blank, "cut": history[~later]}


def leaks(
    look: Callable[[pd.DataFrame], np.ndarray], history: pd.DataFrame, origin: pd.Timestamp
) -> list[str]:
    """The changes of the future that move what `look` sees of a history; none for an honest one."""
    before = look(history)
    return [
        change
        for change, changed in later_changed(history, origin).items()
        if not np.array_equal(before, look(changed), equal_nan=True)
    ]
