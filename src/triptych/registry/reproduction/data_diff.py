"""Which rows of two histories differ, in words."""

import numpy as np
import pandas as pd

_KEY = ["location", "time"]
_SHOWN = 3


def differing_rows(then: pd.DataFrame, now: pd.DataFrame) -> str:
    """Name the first rows that both have with other values; empty if none differs.

    Args:
        then, now: `location, time, …`, the same numeric columns beside.
    """
    one, other = then.set_index(_KEY), now.set_index(_KEY)
    common = one.index.intersection(other.index)
    one, other = one.loc[common], other.loc[common, one.columns]
    left, right = one.to_numpy(np.float64), other.to_numpy(np.float64)
    differing = (left != right) & ~(np.isnan(left) & np.isnan(right))
    rows = np.flatnonzero(differing.any(axis=1))
    if not len(rows):
        return ""
    said = []
    for row in rows[:_SHOWN]:
        column = int(differing[row].argmax())
        (location, time), name = common[row], one.columns[column]
        values = f"{float(left[row, column])!r} -> {float(right[row, column])!r}"
        said.append(f"{location} {time:%Y-%m-%d %H:%M} {name} {values}")
    more = ", …" if len(rows) > _SHOWN else ""
    return f"{len(rows):,} of {len(common):,} rows differ: {', '.join(said)}{more}"
