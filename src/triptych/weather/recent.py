"""Recent analyses in place of the reanalysis that is not there yet."""

import numpy as np
import pandas as pd

from triptych.weather.steps import STEP_HOURS
from triptych.weather.variables import DEW_POINT, TEMPERATURE, VARIABLES

CORRECTED = (TEMPERATURE, DEW_POINT, "surface_pressure")  # additive errors of another grid


def with_recent(hours: pd.DataFrame, recent: pd.DataFrame) -> pd.DataFrame:
    """Fill values that the reanalysis lacks from the recent analysis, corrected for its bias.

    The bias of a location and step of the day is the mean difference over the hours that both have.

    Args:
        hours, recent: location, time and the variables, of the reanalysis and of one analysis.

    Returns:
        The rows of both, by location and time, and `recent`: whose temperature is an analysis.
    """
    keys = ["location", "time"]
    names = [name for name in VARIABLES if name in hours]
    both = hours[[*keys, *names]].merge(
        recent.reindex(columns=[*keys, *names]), on=keys, how="outer", suffixes=("", "_recent")
    )
    both["step"] = both["time"].dt.hour // STEP_HOURS
    groups = [both["location"], both["step"]]
    filled = both[keys].copy()
    for name in names:
        analysis = both[f"{name}_recent"]
        if name in CORRECTED:
            bias = (analysis - both[name]).groupby(groups).transform("mean")
            analysis = analysis - bias.fillna(0.0)
        filled[name] = both[name].fillna(analysis)
    filled["recent"] = np.isfinite(filled[TEMPERATURE]) & ~np.isfinite(both[TEMPERATURE])
    return filled.sort_values(keys, ignore_index=True)
