"""Missing hours and gaps by location, variable and month."""

import numpy as np
import pandas as pd

from triptych.weather.steps import interpolate
from triptych.weather.variables import VARIABLES

ALL = "all"


def missing_values(hours: pd.DataFrame) -> pd.DataFrame:
    """Count missing hours and gaps: location, variable, month, hours, missing, share, gaps,
    longest_gap (h), a row for each month (YYYY-MM) in which something is missing, one for `all`.

    Hours without a row are missing in every variable. A gap counts in the month in which it begins.
    """
    grid, gaps = interpolate(hours, 0)
    keys = ["location", "variable", "month"]
    names = [name for name in VARIABLES if name in grid]
    month = grid["time"].dt.strftime("%Y-%m").rename("month")
    flags = grid[names].isna().groupby([grid["location"], month])
    counts = flags.size().rename("hours").reset_index()
    missing = flags.sum().reset_index().melt(
        ["location", "month"], var_name="variable", value_name="missing"
    )  # fmt: skip
    begun = gaps.assign(month=gaps["start"].dt.strftime("%Y-%m")).groupby(keys)["hours"]
    lengths = begun.agg(["size", "max"]).set_axis(["gaps", "longest_gap"], axis=1).reset_index()
    monthly = missing.merge(counts, on=["location", "month"]).merge(lengths, on=keys, how="left")
    monthly = monthly.fillna({"gaps": 0, "longest_gap": 0})
    totals = {"hours": "sum", "missing": "sum", "gaps": "sum", "longest_gap": "max"}
    whole = monthly.groupby(keys[:2], as_index=False).agg(totals).assign(month=ALL)
    table = pd.concat([whole, monthly[monthly["missing"] > 0]])
    table = table.astype({"gaps": np.int64, "longest_gap": np.int64})
    table = table.assign(share=table["missing"] / table["hours"])
    columns = [*keys, "hours", "missing", "share", "gaps", "longest_gap"]
    return table[columns].sort_values(keys, ignore_index=True)
