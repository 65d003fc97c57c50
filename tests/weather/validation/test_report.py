"""Every expectation: a planted violation that proves it, and sound weather that keeps them all."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weather.places import PARIS
from triptych.store.tables import WEATHER_VARIABLES
from triptych.weather.validation.expectations import REJECT, WARN, monthly_bounds
from triptych.weather.validation.report import (
    REPORT_COLUMNS,
    RequestedPeriod,
    check_hourly,
    validate_hourly,
)
from triptych.weather.variables import VARIABLES

HOURS = 31 * 24
JULY = RequestedPeriod(PARIS, date(2019, 7, 1), date(2019, 8, 1), datetime(2019, 8, 1, tzinfo=UTC))


def sound() -> pd.DataFrame:
    """A July of Paris with a daily wave: every rule is kept."""
    hours = np.arange(HOURS)
    wave = np.round(20 - 5 * np.cos(2 * np.pi * (hours - 3) / 24), 1)
    time = pd.date_range("2019-07-01", periods=HOURS, freq="h", tz="UTC", unit="us")
    return pd.DataFrame({
        "location": "paris", "time": time, "temperature_2m": wave, "relative_humidity_2m": 80.0,
        "dew_point_2m": 12.0, "surface_pressure": 1005.0 + (hours % 24) / 10, "cloud_cover": 40.0,
        "wind_speed_10m": 11.0, "wind_direction_10m": 270.0, "precipitation": 0.0,
        "shortwave_radiation": 0.0,
    })  # fmt: skip


class Validation(NamedTuple):
    accepted: pd.DataFrame
    rejected: pd.DataFrame
    report: pd.DataFrame

    @property
    def stopped(self) -> bool:
        return bool((self.report["verdict"] == "stop").any())


def validate(
    frame: pd.DataFrame, allowed: float = 1.0, period: RequestedPeriod = JULY
) -> Validation:
    return Validation(*validate_hourly(frame, period, allowed))


def broken(frame: pd.DataFrame) -> dict[tuple[str, str], tuple[str, int, int]]:
    """What the report says of the rules that are not kept: level, failed, checked."""
    report = validate(frame).report
    return {
        (row.column, row.rule): (row.level, row.failed, row.checked)
        for row in report[report["failed"] > 0].itertuples()
        if row.rule != "rejected_share"
    }


def test_valid_weather_keeps_every_rule_and_each_has_its_row() -> None:
    validated = validate(sound().set_axis(range(HOURS, 0, -1)))

    pd.testing.assert_frame_equal(validated.accepted, sound())
    assert validated.rejected.empty
    assert list(validated.rejected.columns) == ["location", "time", "variable", "reason", "row"]
    assert list(validated.report.columns) == list(REPORT_COLUMNS)
    assert (validated.report["verdict"] == "ok").all()
    assert (validated.report["failed"] == 0).all()
    rules = [(e.column, e.rule) for e in (*REJECT, *WARN)] + [("the row", "rejected_share")]
    assert list(zip(validated.report["column"], validated.report["rule"], strict=True)) == rules
    assert len(set(rules)) == len(rules)
    assert validated.report["why"].str.len().gt(0).all()
    months = validated.report["rule"] == "monthly_mean"
    assert validated.report.loc[months, "checked"].tolist() == [1, 1]
    jumps = validated.report["rule"] == "jump"
    assert validated.report.loc[jumps, "checked"].tolist() == [HOURS - 1] * 3


def value(row: int, name: str, new: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def plant(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[row, name] = new  # type: ignore[call-overload]
        return frame

    return plant


def half_past(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[5, "time"] += pd.Timedelta(minutes=30)
    return frame


def twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[[5]]])


def stuck(name: str, hours: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def plant(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[100 : 100 + hours - 1, name] = frame.loc[100, name]
        return frame

    return plant


def fahrenheit(frame: pd.DataFrame) -> pd.DataFrame:
    """Below 60: no single value is impossible."""
    frame["temperature_2m"] = frame["temperature_2m"] * 0.8 + 32
    return frame


def at_sea_level(frame: pd.DataFrame) -> pd.DataFrame:
    frame["surface_pressure"] -= 80
    return frame


PLANTED: dict[tuple[str, str], tuple[Callable[[pd.DataFrame], pd.DataFrame], int, int]] = {
    ("location", "not_null"): (value(5, "location", None), 1, HOURS),
    ("time", "not_null"): (value(5, "time", pd.NaT), 1, HOURS),
    ("time", "on_the_hour"): (half_past, 1, HOURS),
    ("the row", "unique"): (twice, 1, HOURS + 1),
    **{
        (e.column, "range"): (value(5, e.column, e.lowest - 0.1), 1, HOURS)
        for e in REJECT if e.rule == "range"
    },
    ("dew_point_2m", "below_temperature"): (value(5, "dew_point_2m", 30.0), 1, HOURS),
    ("time", "regular_grid"): (lambda frame: frame.drop(index=range(40, 80)), 40, HOURS),
    ("temperature_2m", "not_null"): (value(5, "temperature_2m", np.nan), 1, HOURS),
    ("temperature_2m", "jump"): (value(5, "temperature_2m", 59.0), 2, HOURS - 1),
    ("dew_point_2m", "jump"): (value(5, "dew_point_2m", -40.0), 2, HOURS - 1),
    ("surface_pressure", "jump"): (value(5, "surface_pressure", 900.0), 2, HOURS - 1),
    ("temperature_2m", "flat_line"): (stuck("temperature_2m", 25), 25, HOURS),
    ("surface_pressure", "flat_line"): (stuck("surface_pressure", 25), 25, HOURS),
    ("temperature_2m", "monthly_mean"): (fahrenheit, 1, 1),
    ("surface_pressure", "monthly_mean"): (at_sea_level, 1, 1),
}  # fmt: skip
# What goes with a planted violation: a rejected row is an hour that is missing, a rejected
# temperature a missing value.
BESIDE = {("time", "regular_grid"), ("time", "not_null"), ("temperature_2m", "not_null")}


def test_every_rule_has_a_planted_violation() -> None:
    assert set(PLANTED) == {(e.column, e.rule) for e in (*REJECT, *WARN)}


@pytest.mark.parametrize("rule", PLANTED, ids=" ".join)
def test_a_planted_violation_is_counted_under_its_rule_alone(rule: tuple[str, str]) -> None:
    plant, failed, checked = PLANTED[rule]
    level = "reject" if rule in {(e.column, e.rule) for e in REJECT} else "warn"

    found = broken(plant(sound()))

    assert found.pop(rule) == (level, failed, checked)
    assert set(found) <= BESIDE
    assert len(validate(plant(sound())).rejected) == (1 if level == "reject" else 0)


def test_the_report_names_limits_share_and_a_first_example() -> None:
    frame = sound()
    frame.loc[[7, 9], "temperature_2m"] = [99.9, -120.0]

    report = validate(frame).report.set_index(["column", "rule"])

    row = report.loc[("temperature_2m", "range")].to_dict()
    assert row == {
        "location": "paris", "start": "2019-07-01", "end": "2019-08-01", "level": "reject",
        "lowest": -90.0, "highest": 60.0, "unit": "°C", "checked": HOURS, "failed": 2,
        "share": round(2 / HOURS, 6), "tolerated": 0.0, "verdict": "reject",
        "example": "2019-07-01T07:00Z: 99.9",
        "why": "WMO: -89.2 Vostok 1983, 56.7 Furnace Creek 1913",
    }  # fmt: skip
    assert report.loc[("the row", "rejected_share"), "failed"] == 0
    assert report.loc[("temperature_2m", "monthly_mean"), "highest"] == 38.0


def test_limits_themselves_are_kept() -> None:
    frame = sound()
    frame.loc[5, "dew_point_2m"] = -23.0  # a step of 35 there and back
    frame.loc[100:123, "temperature_2m"] = 20.0  # 24 hours

    assert broken(frame) == {}


def test_a_gap_is_no_jump_and_ends_a_flat_line() -> None:
    frame = sound().drop(columns="dew_point_2m").iloc[:240]
    frame.loc[100:130, "temperature_2m"] = 20.0
    frame.loc[131:, "temperature_2m"] = frame.loc[131:, "temperature_2m"] - 50.0
    frame = frame.drop(index=[115, 131])

    assert set(broken(frame)) == {("time", "regular_grid")}


def test_some_missing_hours_are_counted_and_only_more_than_a_twentieth_warn() -> None:
    few, many = (validate(sound().drop(index=range(40, end))).report for end in (77, 78))

    verdicts = [
        r.set_index(["column", "rule"])["verdict"]["time", "regular_grid"] for r in (few, many)
    ]
    assert verdicts == ["ok", "warn"]


def test_hours_that_the_source_does_not_have_yet_are_not_missed() -> None:
    late = JULY._replace(expected_until=datetime(2019, 7, 11, tzinfo=UTC))

    report = validate(sound().iloc[:240], period=late).report

    grid = report[report["rule"] == "regular_grid"]
    assert grid[["checked", "failed"]].to_numpy().tolist() == [[240, 0]]
    # ten days are no month
    assert report.loc[report["rule"] == "monthly_mean", "checked"].tolist() == [0, 0]


def test_a_variable_that_the_source_lacks_is_not_validated() -> None:
    report = validate(sound()[["location", "time", "temperature_2m"]]).report

    assert set(report["column"]) == {"location", "time", "temperature_2m", "the row"}
    absent = validate(sound().assign(surface_pressure=np.nan)).report
    of_pressure = absent[absent["column"] == "surface_pressure"]
    assert of_pressure["checked"].tolist() == [0, 0, 0, 0]
    assert (of_pressure["verdict"] == "unchecked").all()


def test_no_rows_and_nothing_due() -> None:
    nothing = JULY._replace(expected_until=datetime(2019, 7, 1, tzinfo=UTC))

    validated = validate(sound().iloc[:0], 0.0, nothing)

    assert (validated.report["checked"] == 0).all()
    assert (validated.report["verdict"] == "unchecked").all()
    assert not validated.stopped


# 5 % of 744 values are 37.2
@pytest.mark.parametrize(
    ("name", "bad", "verdict"),
    [("cloud_cover", 0, "ok"), ("cloud_cover", 37, "reject"), ("cloud_cover", 38, "drop"),
     ("temperature_2m", 37, "reject"), ("temperature_2m", 38, "stop")],
)  # fmt: skip
def test_more_than_the_allowed_share_of_a_variable(name: str, bad: int, verdict: str) -> None:
    """Its other values are not trusted either; without temperatures nothing of the answer is."""
    frame = sound()
    frame.loc[: bad - 1, name] = 255.0

    validated = validate(frame, 0.05)

    assert validated.stopped is (verdict == "stop")
    assert len(validated.rejected) == bad
    assert len(validated.accepted) == HOURS
    missing = HOURS if verdict in ("drop", "stop") else bad
    assert validated.accepted[name].isna().sum() == missing
    assert validated.accepted["dew_point_2m"].notna().all()
    line = validated.report.set_index(["column", "rule"]).loc[(name, "range")]
    assert (line["verdict"], line["failed"]) == (verdict, bad)


CLIMATES = [
    # station, latitude, metres, month, mean in °C
    ("Vostok, August 1987", -78.5, 3488.0, 8, -75.4),
    ("Death Valley, July 2018", 36.5, -59.0, 7, 42.3),
    ("Verkhoyansk, January", 67.5, 137.0, 1, -45.0),
    ("Singapore, May", 1.4, 15.0, 5, 28.5),
    ("La Paz, July", -16.5, 3640.0, 7, 5.0),
    ("Sydney, January", -33.9, 39.0, 1, 23.5),
    ("Svalbard, February", 78.2, 28.0, 2, -14.0),
]


@pytest.mark.parametrize("climate", CLIMATES, ids=[c[0] for c in CLIMATES])
def test_the_bounds_of_monthly_means_take_in_the_climates_of_the_earth(
    climate: tuple[str, float, float, int, float],
) -> None:
    _, latitude, elevation, month, mean = climate

    lowest, highest = monthly_bounds("temperature_2m", latitude, elevation, month)

    assert lowest <= mean <= highest
    assert not lowest <= mean + 273.15 <= highest


def test_the_seasons_turn_round_at_the_equator_and_pressure_follows_the_height() -> None:
    assert monthly_bounds("temperature_2m", 48.0, 0.0, 7) == (-15.0, 38.0)
    assert monthly_bounds("temperature_2m", -48.0, 0.0, 7) == (-45.0, 25.0)
    assert monthly_bounds("temperature_2m", -48.0, 1000.0, 1) == pytest.approx((-21.5, 38.0))
    assert monthly_bounds("temperature_2m", 90.0, -10.0, 1) == (-60.0, 6.0)
    # 898.7 hPa at 1,000 m: the standard atmosphere's table
    low, high = monthly_bounds("surface_pressure", 0.0, 1000.0, 1)
    assert (low + high) / 2 == pytest.approx(898.7, abs=0.1)


values = st.floats(-150, 1200) | st.just(float("nan"))
row = st.tuples(st.integers(0, 30), st.sampled_from([0, 30]), values, values, values)


@settings(deadline=None, max_examples=60)
@given(st.lists(row, max_size=30))
def test_no_row_is_lost_and_what_is_let_in_stays_in(rows: list[tuple[float, ...]]) -> None:
    names = ["temperature_2m", "dew_point_2m", "surface_pressure"]
    frame = pd.DataFrame([r[2:] for r in rows], columns=names, dtype=float)
    times = [datetime(2019, 7, 1 + int(r[0]) // 24, int(r[0]) % 24, int(r[1])) for r in rows]
    frame.insert(0, "time", pd.DatetimeIndex(times).as_unit("us").tz_localize("UTC"))
    frame.insert(0, "location", pd.array(["paris"] * len(rows), dtype="str"))

    validated = validate(frame, 0.05)

    of_rows = validated.rejected["variable"].isna()
    assert len(validated.accepted) + of_rows.sum() == len(frame)
    rejecting = validated.report[validated.report["level"] == "reject"]
    assert rejecting["failed"].max() <= len(validated.rejected) <= rejecting["failed"].sum()
    assert (validated.report["failed"] <= validated.report["checked"]).all()
    hot = (validated.rejected["variable"] == "temperature_2m").sum()
    assert validated.stopped == (
        of_rows.sum() > 0.05 * len(frame) or hot > 0.05 * frame["temperature_2m"].count()
    )
    assert validate(validated.accepted).rejected.empty
    assert validated.accepted["time"].is_unique


def test_all_variables_have_a_range_and_a_column_in_the_store() -> None:
    assert [e.column for e in REJECT if e.rule == "range"] == list(VARIABLES)
    assert tuple(VARIABLES) == WEATHER_VARIABLES


@pytest.fixture
def rows() -> pd.DataFrame:
    return sound().iloc[:6]


@pytest.mark.parametrize("name", VARIABLES)
def test_the_limits_themselves_pass_and_what_is_beyond_does_not(
    name: str, rows: pd.DataFrame
) -> None:
    rows["dew_point_2m"] = -100.0
    rows["temperature_2m"] = 45.0
    ((lowest, highest),) = (
        (e.lowest, e.highest) for e in REJECT if (e.column, e.rule) == (name, "range")
    )
    rows[name] = [lowest, highest, lowest - 0.1, highest + 0.1, np.inf, -np.inf]
    if name == "temperature_2m":
        rows["dew_point_2m"] = np.nan

    accepted, rejected, _ = check_hourly(rows)

    assert list(accepted[name].dropna()) == [lowest, highest]
    assert len(accepted) == 6
    assert list(rejected["variable"]) == [name] * 4
    others = [other for other in VARIABLES if other != name]
    pd.testing.assert_frame_equal(accepted[others], rows[others])
    assert rejected["reason"].str.contains(f"{name} is not within {lowest:g} to").all()


def test_a_dew_point_above_the_temperature_is_impossible_beyond_rounding(
    rows: pd.DataFrame,
) -> None:
    rows["dew_point_2m"] = rows["temperature_2m"] + [0.4, 0.0, 0.0, 0.6, 0.0, 0.0]

    accepted, rejected, _ = check_hourly(rows)

    assert list(rejected["reason"]) == ["dew_point_2m is above temperature_2m (found 15.6)"]
    assert list(rejected["time"]) == [pd.Timestamp("2019-07-01T03:00Z")]
    assert accepted["dew_point_2m"].isna().tolist() == [False] * 3 + [True] + [False] * 2
    assert accepted["temperature_2m"].tolist() == rows["temperature_2m"].tolist()


def test_a_dew_point_is_not_compared_with_an_impossible_temperature(rows: pd.DataFrame) -> None:
    rows.loc[2, "temperature_2m"] = -99.9

    accepted, rejected, _ = check_hourly(rows)

    assert rejected["variable"].tolist() == ["temperature_2m"]
    assert accepted["dew_point_2m"].tolist() == [12.0] * 6


def test_each_impossible_value_of_a_row_is_rejected_alone(rows: pd.DataFrame) -> None:
    rows.loc[1, ["cloud_cover", "precipitation"]] = [120.0, -0.1]

    accepted, rejected, _ = check_hourly(rows)

    assert accepted.columns[accepted.loc[1].isna()].tolist() == ["cloud_cover", "precipitation"]
    assert accepted.isna().sum().sum() == 2
    assert rejected["row"].tolist() == [{"cloud_cover": 120.0}, {"precipitation": -0.1}]


def test_all_reasons_of_a_value_are_joined(rows: pd.DataFrame) -> None:
    rows.loc[1, "dew_point_2m"] = 45.0

    (reason,) = check_hourly(rows)[1]["reason"]

    assert set(reason.split("; ")) == {
        "dew_point_2m is not within -100 to 40 °C (found 45.0)",
        "dew_point_2m is above temperature_2m (found 45.0)",
    }


def test_of_rows_with_one_key_the_first_passes(rows: pd.DataFrame) -> None:
    double = rows.iloc[[2, 2]].assign(temperature_2m=14.0)
    other_place = rows.iloc[[2]].assign(location="brest")

    accepted, rejected, _ = check_hourly(pd.concat([rows, double, other_place]))

    assert len(accepted) == 7
    assert accepted["temperature_2m"].iloc[2] == rows["temperature_2m"].iloc[2]
    assert list(rejected["reason"]) == ["the row repeats the location and time of one before"] * 2


def test_a_missing_or_unaligned_key(rows: pd.DataFrame) -> None:
    rows.loc[0, "location"] = None
    rows.loc[1, "time"] = pd.NaT
    rows.loc[2, "time"] += pd.Timedelta(minutes=30)

    accepted, rejected, _ = check_hourly(rows)

    assert len(accepted) == 3
    assert list(rejected["location"]) == ["(none)", "paris", "paris"]
    assert rejected["time"].isna().tolist() == [False, True, False]
    assert rejected["reason"].tolist() == [
        "location is missing",
        "time is missing",
        "time is not on the hour (found 2019-07-01 02:30:00+00:00)",
    ]


def test_a_refused_row_is_kept_as_json(rows: pd.DataFrame) -> None:
    rows.loc[1, ["temperature_2m", "cloud_cover", "precipitation"]] = [99.9, np.nan, np.inf]
    rows.loc[1, "time"] += pd.Timedelta(minutes=30)

    row = check_hourly(rows)[1]["row"].iloc[0]

    assert json.loads(json.dumps(row, allow_nan=False)) == {
        "location": "paris", "time": "2019-07-01T01:30:00Z", "temperature_2m": 99.9,
        "relative_humidity_2m": 80.0, "dew_point_2m": 12.0, "surface_pressure": 1005.1,
        "cloud_cover": None, "wind_speed_10m": 11.0, "wind_direction_10m": 270.0,
        "precipitation": "inf", "shortwave_radiation": 0.0,
    }  # fmt: skip


def test_a_reason_fits_its_column(rows: pd.DataFrame) -> None:
    rows.loc[0, list(VARIABLES)] = 1e9
    rows.loc[0, "time"] += pd.Timedelta(minutes=30)

    reason = check_hourly(rows)[1]["reason"].iloc[0]

    assert len(reason) == 500
