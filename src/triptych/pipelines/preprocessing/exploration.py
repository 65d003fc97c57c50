"""Exploratory analysis of training and validation: nothing that it decides has seen the test."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from kedro.pipeline import Node, Pipeline

from triptych.errors import PipelineError
from triptych.parameters.forecasting import ForecastParameters
from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.ts_common.periods import DAY, parse_as_of, study_periods
from triptych.weather.exploration import plots
from triptych.weather.exploration.decomposition import decompose, summarize_parts
from triptych.weather.exploration.missing import missing_values
from triptych.weather.exploration.outliers import find_anomalies
from triptych.weather.exploration.spectrum import estimate_spectra, find_lines
from triptych.weather.exploration.stationarity import check_stationarity

Period = dict[str, str]
Wiring = list[tuple[Callable[..., Any], list[str], str]]  # function, inputs, output


def plan_exploration(
    history: pd.DataFrame, as_of: str, today: str, forecast: ForecastParameters
) -> Period:
    """Choose the period of the exploration: training and validation of the study.

    Returns:
        `start` and `end`: the first and the last day, ISO 8601.

    Raises:
        PipelineError: there are no data in it.
    """
    periods = study_periods(parse_as_of(as_of, today), forecast)
    period = {
        "start": f"{periods.train_start:%Y-%m-%d}",
        "end": f"{periods.test_start - DAY:%Y-%m-%d}",
    }
    if within(history, period).empty:
        raise PipelineError(
            "The exploration uses training and validation only, "
            f"{period['start']} to {period['end']}, but the data span "
            f"{history['time'].min():%Y-%m-%d} to {history['time'].max():%Y-%m-%d}. "
            "Name other dates in forecast.*, or ingest more."
        )
    return period


def within(frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Return the rows whose `time` is on a day of the period."""
    start, end = (pd.Timestamp(period[name], tz="UTC") for name in ("start", "end"))
    return frame[(frame["time"] >= start) & (frame["time"] < end + DAY)]


def decompose_temperature(history: pd.DataFrame, exploration_period: Period) -> pd.DataFrame:
    """Decompose the temperature of the period: trend, seasons and residual (MSTL) of each step."""
    return decompose(within(history, exploration_period))


def count_missing(known_hours: pd.DataFrame, exploration_period: Period) -> pd.DataFrame:
    """Count the hours that the source lacks, before any is filled."""
    return missing_values(within(known_hours, exploration_period))


def create_exploration() -> Pipeline:
    """Build the pipeline: tables, and a group of plots."""
    parts, shown = "decomposition", ["exploration_period", "params:exploration.shown_locations"]
    threshold = "params:exploration.anomaly_threshold"
    run = ["params:as_of", "params:today", "params:forecast"]
    tables: Wiring = [
        (plan_exploration, ["history", *run], "exploration_period"),
        (decompose_temperature, ["history", "exploration_period"], parts),
        (summarize_parts, [parts], "decomposition_summary"),
        (check_stationarity, [parts, "params:exploration.significance"], "stationarity"),
        (estimate_spectra, [parts], "spectrum"),
        (find_lines, ["spectrum"], "spectral_lines"),
        (find_anomalies, [parts, threshold], "anomalies"),
        (count_missing, ["known_hours", "exploration_period"], "missing_values"),
    ]
    figures: Wiring = [
        (plots.plot_decomposition, [parts, *shown], "decomposition_figure"),
        (plots.plot_seasons, [parts, *shown], "seasons_figure"),
        (plots.plot_spectrum, ["spectrum", "spectral_lines", *shown], "spectrum_figure"),
        (plots.plot_anomalies, [parts, "anomalies", threshold, *shown], "anomalies_figure"),
        (plots.plot_missing, ["missing_values", *shown], "missing_values_figure"),
    ]
    nodes, plot_nodes = (
        [
            Node(function, inputs, output, name=function.__name__)
            for function, inputs, output in each
        ]
        for each in (tables, figures)
    )
    return group_nodes("exploration", [*nodes, group_nodes("plots", plot_nodes)])
