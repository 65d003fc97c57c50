"""Missing hours are counted where they are, and a gap where it begins."""

import numpy as np
import pandas as pd

from triptych.weather.exploration.missing import missing_values


def hours(slug: str, start: str = "2019-01-01", days: int = 59) -> pd.DataFrame:
    times = pd.date_range(start, periods=24 * days, freq="h", tz="UTC", unit="us")
    return pd.DataFrame(
        {"location": slug, "time": times, "temperature_2m": 1.0, "cloud_cover": 50.0}
    )


def test_nothing_missing_is_one_row_a_variable() -> None:
    table = missing_values(hours("here"))

    assert table["month"].tolist() == ["all", "all"]
    assert table["hours"].tolist() == [24 * 59] * 2
    assert table[["missing", "share", "gaps", "longest_gap"]].to_numpy().sum() == 0


def test_gaps_are_counted_by_month_and_variable() -> None:
    frame = hours("here")
    clock = frame["time"]
    frame.loc[clock.between("2019-01-31T20:00Z", "2019-02-01T01:00Z"), "temperature_2m"] = np.nan
    frame.loc[clock == "2019-01-05T00:00Z", "temperature_2m"] = np.nan
    frame = frame[clock != "2019-02-10T00:00Z"]  # a row that is not there lacks everything

    table = missing_values(frame).set_index(["variable", "month"])

    counts = table[["missing", "gaps", "longest_gap"]]
    assert counts.loc[("temperature_2m", "all")].tolist() == [8, 3, 6]
    assert counts.loc[("temperature_2m", "2019-01")].tolist() == [5, 2, 6]
    assert counts.loc[("temperature_2m", "2019-02")].tolist() == [3, 1, 1]
    assert counts.loc[("cloud_cover", "all")].tolist() == [1, 1, 1]
    assert table.loc[("temperature_2m", "2019-01"), "share"] == 5 / (31 * 24)
    assert ("cloud_cover", "2019-01") not in table.index


def test_a_gap_ends_with_its_location_and_a_variable_can_be_absent() -> None:
    one, two = hours("one", days=2), hours("two", days=2)
    one.loc[one.index[-3:], "temperature_2m"] = np.nan
    two.loc[two.index[:2], "temperature_2m"] = np.nan
    two["cloud_cover"] = np.nan

    table = missing_values(pd.concat([two, one])).set_index(["location", "variable", "month"])

    assert table.loc[("one", "temperature_2m", "all"), "longest_gap"] == 3
    assert table.loc[("two", "temperature_2m", "all"), "longest_gap"] == 2
    assert table.loc[("two", "cloud_cover", "all"), "share"] == 1
    assert table.loc[("two", "cloud_cover", "all"), "gaps"] == 1
