"""From stored hours to what forecasters take."""

import pandas as pd
import pytest

from triptych.errors import PipelineError
from triptych.parameters.forecasting import PreprocessingParameters
from triptych.pipelines.preprocessing.nodes import (
    average_steps,
    build_history,
    complete_hours,
    select_hours,
)

LIMIT = PreprocessingParameters(interpolation_limit_hours=6)
LOCATIONS = pd.DataFrame({
    "location": ["northmere", "westhaven", "paris"], "latitude": [52.0, 48.0, 48.75],
    "longitude": [22.0, -9.0, 2.25], "source": ["sample", "sample", "open_meteo"],
})  # fmt: skip


def hours(slug: str, temperatures: list[float | None], start: str) -> pd.DataFrame:
    """Rows of weather_hourly; None leaves the row out."""
    times = pd.date_range(start, periods=len(temperatures), freq="h", tz="UTC", unit="us")
    frame = pd.DataFrame({"location": slug, "time": times, "temperature_2m": temperatures})
    frame = frame.assign(source="sample", fetched_at=pd.Timestamp("2024-03-01", tz="UTC"))
    return frame.dropna(subset="temperature_2m").astype({"temperature_2m": float})


def select(table: pd.DataFrame, as_of: str, location: str | None = None) -> pd.DataFrame:
    return select_hours(table, LOCATIONS, location, "sample", as_of, "2024-03-01")


def test_only_hours_before_as_of_of_the_locations_asked_for_are_known() -> None:
    table = pd.concat(
        hours(slug, [1.0, 2.0, 3.0, 4.0], "2019-07-13T22:00")
        for slug in ("northmere", "paris", "westhaven")
    )

    known = select(table, "2019-07-14")

    assert known["location"].tolist() == ["northmere", "northmere", "westhaven", "westhaven"]
    assert known["time"].max() == pd.Timestamp("2019-07-13T23:00Z")
    assert list(known.columns) == ["location", "time", "temperature_2m"]
    assert set(select(table, "2019-07-14", "paris")["location"]) == {"paris"}


def test_a_location_of_which_nothing_is_known_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    days = {"northmere": "2019-07-13", "westhaven": "2019-07-14"}
    table = pd.concat([hours(slug, [1.0], day) for slug, day in days.items()])

    assert set(select(table, "2019-07-14")["location"]) == {"northmere"}
    assert "Nothing is known of westhaven before as_of 2019-07-14" in caplog.text
    with pytest.raises(PipelineError, match="Nothing is known of northmere, westhaven before as_"):
        select(table, "2019-07-13")


def test_a_location_that_the_database_does_not_hold_is_named_with_those_it_holds() -> None:
    table = hours("northmere", [1.0], "2019-07-13T00:00")

    with pytest.raises(PipelineError, match=r"not hold atlantis. It holds: northmere, westhaven"):
        select(table, "2019-07-14", "northmere;atlantis")


def test_no_history_before_midnight_depends_on_what_came_after() -> None:
    """23:00 is missing: the table fills it from both sides, the history of forecasters does not."""
    before = [10.0] * 23

    def evening(next_day: float) -> tuple[float, float]:
        table = hours("northmere", [*before, None, *[next_day] * 3], "2019-07-13T00:00")
        known = select(table, "2019-07-15", "northmere")
        stored = average_steps(complete_hours(known, LIMIT)["complete_hours"])
        history = build_history(known, LOCATIONS, LIMIT)
        return stored["temperature_2m"].iloc[7], history["temperature_2m"].iloc[7]

    (stored_warm, warm), (stored_cold, cold) = evening(20.0), evening(-20.0)
    assert pd.isna(warm) and pd.isna(cold)
    assert stored_warm != stored_cold  # the leak that the history is kept from
