"""The exploration as nodes: it does not see the test period, and its figures are readable."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io
import pytest

from tests.fixtures.project import Project
from tests.pipelines.hand_made import history
from triptych.errors import PipelineError
from triptych.parameters.forecasting import ForecastParameters
from triptych.parameters.ingestion import ExplorationParameters
from triptych.pipelines.preprocessing import exploration as nodes
from triptych.pipelines.preprocessing import exploration_plots as plots

FORECAST = ForecastParameters(train_years=2, validation_years=1, data_ages=[0, 144])
SETTINGS = ExplorationParameters(shown_locations=2, anomaly_threshold=4, significance=0.05)
SLUGS = ("northmere", "southford", "westhaven")
TABLES = ("decomposition_summary", "stationarity", "spectral_lines", "anomalies", "missing_values")
FIGURES = ("decomposition", "seasons", "spectrum", "anomalies", "missing_values")
PERIOD = {"start": "2016-01-01", "end": "2018-12-31"}
Made = dict[str, pd.DataFrame]


def explore(frame: pd.DataFrame) -> Made:
    """All tables of the exploration of a history."""
    period = nodes.plan_exploration(frame, "2020-01-01", "2020-01-01", FORECAST)
    assert period == PERIOD
    made = nodes.decompose_temperature(frame, period)
    parts = made["decomposition"]
    return {
        **made,
        **nodes.analyze_spectrum(parts),
        "stationarity": nodes.check_stationarity(parts, SETTINGS),
        "anomalies": nodes.find_anomalies(parts, SETTINGS),
        "missing_values": nodes.describe_missing(frame, period),
    }


def draw(made: Made) -> dict[str, go.Figure]:
    parts = made["decomposition"]
    return {
        "decomposition": plots.plot_decomposition(parts, PERIOD, SETTINGS),
        "seasons": plots.plot_seasons(parts, PERIOD, SETTINGS),
        "spectrum": plots.plot_spectrum(
            made["spectrum"], made["spectral_lines"], PERIOD, SETTINGS
        ),
        "anomalies": plots.plot_anomalies(parts, made["anomalies"], PERIOD, SETTINGS),
        "missing_values": plots.plot_missing(made["missing_values"], PERIOD, SETTINGS),
    }  # fmt: skip


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return history("2016-01-01", "2020-01-01", SLUGS)


@pytest.fixture(scope="module")
def made(frame: pd.DataFrame) -> Made:
    return explore(frame)


def unlabelled(figure: go.Figure) -> list[str]:
    """What a reader would have to guess: the title, or an outer axis, of a figure."""
    layout = figure.to_plotly_json()["layout"]
    guessed = [] if layout.get("title", {}).get("text") else ["title"]
    for axis in figure.select_yaxes():
        guessed += [] if axis.title.text else [str(axis.plotly_name)]
    columns = {axis.anchor: axis for axis in figure.select_xaxes() if axis.showticklabels is None}
    if not any(axis.title.text for axis in columns.values()):
        guessed.append("xaxis")
    return guessed


def test_nothing_of_the_test_period_moves_the_exploration(frame: pd.DataFrame, made: Made) -> None:
    changed = frame.copy()
    changed.loc[changed["time"] >= "2019-01-01", "temperature_2m"] = 99.0

    again = explore(changed)

    for name, table in made.items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=True)
    changed.loc[changed["time"] >= "2018-12-31T21:00", "temperature_2m"] = 99.0  # it would be seen
    assert not explore(changed)["decomposition"].equals(made["decomposition"])


def test_tables_have_every_location(made: Made) -> None:
    for name in ("decomposition", "decomposition_summary", "stationarity", "spectral_lines"):
        assert sorted(made[name]["location"].unique()) == list(SLUGS)
    assert made["spectral_lines"].groupby("location")["period_hours"].first().round().tolist() == (
        [8768] * 3  # a year, as finely as three years can tell
    )


def test_a_figure_draws_the_first_locations_and_says_so(made: Made) -> None:
    for figure in draw(made).values():
        assert "the first 2 of 3 locations" in figure.layout.title.text
        assert "2016-01-01 to 2018-12-31" in figure.layout.title.text
        assert "westhaven" not in figure.to_json()


def test_figures_have_titles_and_axes(made: Made) -> None:
    for name, figure in draw(made).items():
        assert unlabelled(figure) == [], name
        assert figure.data, name
    bare = go.Figure(go.Scatter(y=[1]))
    bare.update_xaxes().update_yaxes()
    assert unlabelled(bare) == ["title", "yaxis", "xaxis"]


def test_a_location_without_temperature_and_gaps_are_drawn_too(frame: pd.DataFrame) -> None:
    holed = frame.copy()
    holed.loc[holed["location"] == "northmere", "temperature_2m"] = np.nan
    holed.loc[holed["time"].between("2017-03-01", "2017-06-01"), "temperature_2m"] = np.nan

    figures = draw(explore(holed))

    assert all(figure.to_json() for figure in figures.values())
    alone = draw(explore(holed[holed["location"] == "northmere"]))
    assert alone["spectrum"].layout.annotations[0].text == "nothing to show in this period"


def test_data_outside_the_period_are_refused(frame: pd.DataFrame) -> None:
    late = frame[frame["time"] >= "2019-06-01"]

    with pytest.raises(PipelineError, match="2016-01-01 to 2018-12-31, but the data span 2019-06-"):
        nodes.plan_exploration(late, "2020-01-01", "2020-01-01", FORECAST)


def test_the_main_job_leaves_tables_and_figures(run_project: Project) -> None:
    folder = run_project.path / "data" / "08_reporting" / "exploration"

    assert json.loads((folder / "period.json").read_text()) == {
        "start": "2021-03-01",
        "end": "2023-02-28",
    }
    for name in TABLES:
        assert pd.read_csv(folder / f"{name}.csv").columns[0] == "location", name
    for name in FIGURES:
        file: Path = folder / f"{name}.json"
        figure = plotly.io.from_json(file.read_text())
        assert unlabelled(figure) == [], name
        assert "2021-03-01 to 2023-02-28" in figure.layout.title.text
        assert file.stat().st_size < 250_000, name
