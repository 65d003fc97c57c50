"""Missing hours and gaps by location, variable and month."""

import numpy as np
import pandas as pd

from triptych.weather.interpolation import interpolate
from triptych.weather.variables import VARIABLES

ALL = "all"


def missing_values(hours: pd.DataFrame) -> pd.DataFrame:
    """Count missing hours and gaps; a gap counts in the month in which it begins.

    Args:
        hours: location, time (UTC, hourly) and any of the variables, before anything is filled;
            hours without a row are missing in every variable.

    Returns:
        location, variable, month (YYYY-MM, or `all`), hours, missing, share, gaps, longest_gap (h).
        There is a row `all` for each location and variable, and one for each month in which
        something is missing.
    """
    grid, gaps = interpolate(hours, 0)
    keys = ["location", "variable", "month"]
    names = [name for name in VARIABLES if name in grid]
    month = grid["time"].dt.strftime("%Y-%m").rename("month")
    flags = grid[names].isna().rename_axis(columns="variable")
    flags = flags.groupby([grid["location"], month]).agg(["size", "sum"])
    counted = flags.stack(level="variable").rename(columns={"size": "hours", "sum": "missing"})
    gaps = gaps.assign(month=gaps["start"].dt.strftime("%Y-%m")).groupby(keys)["hours"]
    lengths = gaps.agg(gaps="size", longest_gap="max")
    monthly = (
        counted.reset_index().merge(lengths, "left", keys).fillna({"gaps": 0, "longest_gap": 0})
    )
    totals = {"hours": "sum", "missing": "sum", "gaps": "sum", "longest_gap": "max"}
    whole = monthly.groupby(keys[:2], as_index=False).agg(totals).assign(month=ALL)
    table = pd.concat([whole, monthly[monthly["missing"] > 0]])
    table = table.astype({"gaps": np.int64, "longest_gap": np.int64})
    table["share"] = table["missing"] / table["hours"]
    columns = [*keys, "hours", "missing", "share", "gaps", "longest_gap"]
    return table[columns].sort_values(keys, ignore_index=True)
