"""The whole grid and the short gaps: by hand, and against pandas."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.weather.steps import complete_grid, interpolate

NAN = float("nan")
START = datetime(2019, 7, 14, tzinfo=UTC)


def frame(**locations: list[float]) -> pd.DataFrame:
    """Temperatures from 14 July 2019, 00:00 on; None leaves the row out, NaN the value."""
    rows = [
        {"location": slug, "time": START + timedelta(hours=hour), "temperature_2m": value}
        for slug, values in locations.items()
        for hour, value in enumerate(values)
        if value is not None
    ]
    table = pd.DataFrame(rows, columns=["location", "time", "temperature_2m"])
    return table.astype({"time": "datetime64[us, UTC]", "temperature_2m": float})


def column(table: pd.DataFrame, slug: str, name: str = "temperature_2m") -> list[object]:
    values = table.loc[table["location"] == slug, name]
    return [None if pd.isna(value) else value for value in values]


def test_the_grid_is_whole_from_first_to_last_hour_of_each_location() -> None:
    whole = complete_grid(frame(paris=[None, 1, None, 3], brest=[5, None, None, None, 9]))

    hours = [START + timedelta(hours=hour) for hour in (0, 1, 2, 3, 4, 1, 2, 3)]
    expected = pd.DataFrame({
        "location": ["brest"] * 5 + ["paris"] * 3, "time": pd.DatetimeIndex(hours).as_unit("us"),
        "temperature_2m": [5, NAN, NAN, NAN, 9, 1, NAN, 3],
    })  # fmt: skip
    pd.testing.assert_frame_equal(whole, expected)


def test_the_order_of_rows_does_not_matter_and_the_frame_is_not_changed() -> None:
    table = frame(paris=[1, None, 3, 4], brest=[5, None, 9])
    shuffled = table.sample(frac=1, random_state=3)
    before = shuffled.copy()

    pd.testing.assert_frame_equal(complete_grid(shuffled), complete_grid(table))
    pd.testing.assert_frame_equal(interpolate(shuffled, 3)[0], interpolate(table, 3)[0])
    pd.testing.assert_frame_equal(shuffled, before)


def gaps_of(gaps: pd.DataFrame) -> list[tuple[str, str, int, int]]:
    """Location, variable, first hour and length."""
    return [(row.location, row.variable, row.start.hour, row.hours) for row in gaps.itertuples()]


@pytest.mark.parametrize(
    ("temperatures", "limit", "expected", "flags", "gaps"),
    [
        ([1, None, 3, NAN, NAN, 6], 2, [1, 2, 3, 4, 5, 6], [0, 1, 0, 1, 1, 0], []),
        ([1, None, None, None, 5, None, 7], 2, [1, None, None, None, 5, 6, 7],
         [0, 0, 0, 0, 0, 1, 0], [(1, 3)]),
        ([1, None, 3], 0, [1, None, 3], [0, 0, 0], [(1, 1)]),
    ],
)  # fmt: skip
def test_short_gaps_are_filled_and_flagged_and_longer_ones_left_as_a_whole(
    temperatures: list[float], limit: int, expected: list[float], flags: list[int],
    gaps: list[tuple[int, int]],
) -> None:  # fmt: skip
    filled, left = interpolate(frame(paris=temperatures), limit)

    assert column(filled, "paris") == pytest.approx(expected)
    assert column(filled, "paris", "interpolated") == flags
    assert gaps_of(left) == [("paris", "temperature_2m", *gap) for gap in gaps]


def test_nothing_is_filled_across_two_locations_or_beyond_an_end() -> None:
    filled, gaps = interpolate(frame(brest=[1, 2, NAN], paris=[NAN, 8, 9]), 5)

    assert column(filled, "brest") == [1, 2, None]
    assert column(filled, "paris") == [None, 8, 9]
    assert gaps_of(gaps) == [
        ("brest", "temperature_2m", 2, 1), ("paris", "temperature_2m", 0, 1)
    ]  # fmt: skip


def test_a_variable_that_a_source_lacks_is_one_gap_and_a_flag_is_about_the_temperature() -> None:
    table = frame(paris=[1, 2, 3]).assign(cloud_cover=NAN, precipitation=[10, NAN, 30])

    filled, gaps = interpolate(table, 1)

    assert column(filled, "paris", "cloud_cover") == [None, None, None]
    assert column(filled, "paris", "precipitation") == [10, 20, 30]
    assert gaps_of(gaps) == [("paris", "cloud_cover", 0, 3)]
    assert not filled["interpolated"].any()


@pytest.mark.parametrize(
    ("before", "after", "middle"),
    [(350, 10, 0), (10, 350, 0), (80, 100, 90), (340, 350, 345), (0, 180, 270), (270, 90, 180)],
)
def test_wind_direction_turns_the_shorter_way(before: float, after: float, middle: float) -> None:
    table = frame(paris=[1, 1, 1]).assign(wind_direction_10m=[before, NAN, after])

    found = interpolate(table, 1)[0]["wind_direction_10m"].iloc[1]

    assert found == pytest.approx(middle)


def test_no_rows() -> None:
    filled, gaps = interpolate(frame(), 3)

    assert filled.empty
    assert list(filled.columns) == ["location", "time", "temperature_2m", "interpolated"]
    assert gaps.empty


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_any_resolution_of_time(unit: str) -> None:
    table = frame(paris=[1, None, 3]).astype({"time": f"datetime64[{unit}, UTC]"})

    assert column(complete_grid(table), "paris") == [1, None, 3]


values = st.one_of(st.none(), st.just(NAN), st.integers(0, 359).map(float))
series = st.lists(values, min_size=1, max_size=40).filter(lambda each: set(each) != {None})


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["brest", "paris"]), series, min_size=1), st.integers(0, 6))
def test_agrees_with_pandas(cities: dict[str, list[float]], limit: int) -> None:
    filled, _ = interpolate(frame(**cities), limit)

    for slug, table in filled.groupby("location"):
        grid = complete_grid(frame(**{str(slug): cities[str(slug)]}))["temperature_2m"]
        gap = grid.isna().groupby(grid.notna().cumsum()).transform("sum")
        expected = grid.interpolate(limit_area="inside").where(grid.notna() | (gap <= limit))
        np.testing.assert_allclose(table["temperature_2m"], expected, atol=1e-9)


def evening(next_day: float, *, within_day: bool) -> list[object]:
    """Gaps at 20, at 23 and at 00 and 01: what is known of the day before midnight."""
    day = [10.0] * 20 + [None, 12.0, 13.0, None]
    table = frame(paris=[*day, None, None, next_day, next_day])
    return column(interpolate(table, 6, within_day=within_day)[0], "paris")[:24]


def test_within_a_day_nothing_observed_after_midnight_reaches_an_hour_before_it() -> None:
    warm, cold = evening(30.0, within_day=True), evening(-30.0, within_day=True)

    assert warm == cold == [10.0] * 20 + [11.0, 12.0, 13.0, None]
    # the default draws its line across midnight: right for the record, a leak for a forecast
    assert evening(30.0, within_day=False) != evening(-30.0, within_day=False)


def test_within_a_day_the_hours_after_midnight_may_look_back_and_a_gap_is_reported() -> None:
    filled, gaps = interpolate(frame(paris=[10.0] * 24 + [None, None, 13.0]), 6, within_day=True)
    assert column(filled, "paris")[24:] == pytest.approx([11.0, 12.0, 13.0])
    assert gaps.empty

    table = frame(paris=[10.0] * 23 + [None, 14.0])
    _, gaps = interpolate(table, 6, within_day=True)
    assert gaps_of(gaps) == [("paris", "temperature_2m", 23, 1)]
    assert interpolate(table, 6)[1].empty
