"""What is missing: by location, variable and month, and how long the gaps are."""

import numpy as np
import pandas as pd

from triptych.weather.interpolation import complete_grid
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
    grid = complete_grid(hours)
    month = grid["time"].dt.strftime("%Y-%m").rename("month")
    tables = [
        _count(grid["location"], month, grid[name].isna()).assign(variable=name)
        for name in VARIABLES
        if name in grid
    ]
    table = pd.concat(tables, ignore_index=True)
    table["share"] = table["missing"] / table["hours"]
    columns = ["location", "variable", "month", "hours", "missing", "share", "gaps", "longest_gap"]
    return table[columns].sort_values(columns[:3], ignore_index=True)


def _count(location: pd.Series, month: pd.Series, missing: pd.Series) -> pd.DataFrame:
    edge = location.ne(location.shift())
    begins = missing & (edge | ~missing.shift(fill_value=False))
    run = begins.cumsum().where(missing)
    length = pd.Series(np.where(begins, run.map(run.value_counts()), 0.0), index=missing.index)
    flags = pd.DataFrame(
        {"location": location, "month": month, "missing": missing, "gaps": begins, "length": length}
    )
    how = {
        "hours": ("missing", "size"),
        "missing": ("missing", "sum"),
        "gaps": ("gaps", "sum"),
        "longest_gap": ("length", "max"),
    }
    monthly = flags.groupby(["location", "month"]).agg(**how).reset_index()
    whole = flags.groupby("location").agg(**how).reset_index().assign(month=ALL)
    return pd.concat([whole, monthly[monthly["missing"] > 0]]).astype({"longest_gap": np.int64})
