"""Stored hours to the history; the exploration without the test period, its plots labelled."""

import json
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.fixtures.project import Project
from tests.pipelines.hand_made import FrameRows, as_file, history
from triptych.errors import PipelineError
from triptych.parameters.forecasting import ForecastParameters, PreprocessingParameters
from triptych.pipelines.preprocessing import exploration as nodes
from triptych.pipelines.preprocessing.nodes import (
    average_steps,
    build_history,
    complete_hours,
    select_hours,
)
from triptych.weather.exploration import plots
from triptych.weather.exploration.decomposition import find_anomalies, summarize_parts
from triptych.weather.exploration.spectrum import estimate_spectra, find_lines
from triptych.weather.exploration.stationarity import check_stationarity

FORECAST = ForecastParameters(train_years=2, validation_years=1, data_ages=[0, 144])
SLUGS = ("northmere", "southford", "westhaven")
TABLES = ("decomposition_summary", "stationarity", "spectral_lines", "anomalies", "missing_values")
FIGURES = ("decomposition", "seasons", "spectrum", "anomalies", "missing_values")
PERIOD = {"start": "2016-01-01", "end": "2018-12-31"}
Made = dict[str, pd.DataFrame]


def explore(frame: pd.DataFrame) -> Made:
    """All tables of the exploration of a history."""
    period = nodes.plan_exploration(frame, "2020-01-01", FORECAST)
    assert period == PERIOD
    parts = nodes.decompose_temperature(frame, period)
    spectrum = estimate_spectra(parts)
    return {
        "decomposition": parts,
        "decomposition_summary": summarize_parts(parts),
        "spectrum": spectrum,
        "spectral_lines": find_lines(spectrum),
        "stationarity": check_stationarity(parts),
        "anomalies": find_anomalies(parts, 4),
        "missing_values": nodes.count_missing(frame, period),
    }


def plot(made: Made) -> list[Figure]:
    parts, shown = made["decomposition"], (PERIOD, 2)
    return [
        plots.plot_decomposition(parts, *shown),
        plots.plot_seasons(parts, *shown),
        plots.plot_spectrum(made["spectrum"], made["spectral_lines"], *shown),
        plots.plot_anomalies(parts, made["anomalies"], 4, *shown),
        plots.plot_missing(made["missing_values"], *shown),
    ]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return history("2016-01-01", "2020-01-01", SLUGS)


@pytest.fixture(scope="module")
def made(frame: pd.DataFrame) -> Made:
    return explore(frame)


def texts(figure: Figure) -> str:
    """What a figure says: titles, axes, legends."""
    figure.savefig(BytesIO(), format="png", dpi=40)
    return "|".join(text.get_text() for text in figure.findobj(lambda o: hasattr(o, "get_text")))


def test_nothing_of_the_test_period_moves_the_exploration(frame: pd.DataFrame, made: Made) -> None:
    changed = frame.copy()
    changed.loc[changed["time"] >= "2019-01-01", "temperature_2m"] = 99.0

    again = explore(changed)

    for name, table in made.items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=True)
    changed.loc[changed["time"] >= "2018-12-31T21:00", "temperature_2m"] = 99.0  # it would be seen
    seen = nodes.decompose_temperature(changed, PERIOD)
    assert not seen.equals(made["decomposition"])


def test_tables_have_every_location(made: Made) -> None:
    for name in ("decomposition", "decomposition_summary", "stationarity", "spectral_lines"):
        assert sorted(made[name]["location"].unique()) == list(SLUGS)
    assert made["spectral_lines"].groupby("location")["period_hours"].first().round().tolist() == (
        [8768] * 3  # a year, as finely as three years can tell
    )


def test_plots_name_period_axes_and_how_many_locations_they_show(made: Made) -> None:
    for figure in plot(made):
        said = texts(figure)
        assert "the first 2 of 3 locations" in said
        assert "2016-01-01 to 2018-12-31" in said
        assert "northmere" in said and "westhaven" not in said
        axes = figure.axes
        assert axes[0].get_ylabel() and any(panel.get_xlabel() for panel in axes)


def test_a_location_without_temperature_and_gaps_are_plotted_too(frame: pd.DataFrame) -> None:
    frame = frame.copy()
    frame.loc[frame["location"] == "northmere", "temperature_2m"] = np.nan
    frame.loc[frame["time"].between("2017-03-01", "2017-06-01"), "temperature_2m"] = np.nan

    assert all(texts(figure) for figure in plot(explore(frame)))
    alone = plot(explore(frame[frame["location"] == "northmere"]))
    assert "too short" in texts(alone[2])


def test_data_outside_the_period_are_refused(frame: pd.DataFrame) -> None:
    late = frame[frame["time"] >= "2019-06-01"]

    with pytest.raises(PipelineError, match="2016-01-01 to 2018-12-31, but the data span 2019-06-"):
        nodes.plan_exploration(late, "2020-01-01", FORECAST)


def test_the_main_job_leaves_tables_and_figures(run_project: Project) -> None:
    folder = run_project.path / "data" / "08_reporting" / "exploration"

    assert json.loads((folder / "period.json").read_text()) == {
        "start": "2021-03-01",
        "end": "2023-02-28",
    }
    for name in TABLES:
        assert pd.read_csv(folder / f"{name}.csv").columns[0] == "location", name
    for name in FIGURES:
        assert 10_000 < (folder / f"{name}.png").stat().st_size < 400_000, name


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
    rows, periods, file = FrameRows(table), pd.DataFrame(), as_file(LOCATIONS)
    return select_hours(rows, periods, LOCATIONS, file, location, "sample", as_of)


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


def test_a_location_that_the_file_no_longer_has_is_left_out() -> None:
    table = pd.concat(hours(slug, [1.0], "2019-07-13") for slug in ("northmere", "westhaven"))
    file = as_file(LOCATIONS[LOCATIONS["location"] != "westhaven"])

    rows, periods = FrameRows(table), pd.DataFrame()
    known = select_hours(rows, periods, LOCATIONS, file, None, "sample", "2019-07-14")

    assert set(known["location"]) == {"northmere"}
    assert rows.asked == [["northmere"]]  # not the whole table


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

    with pytest.raises(
        PipelineError, match=r"not hold atlantis. It holds: northmere, paris, westhaven"
    ):
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
