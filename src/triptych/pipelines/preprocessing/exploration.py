"""Exploratory analysis of training and validation: nothing that it decides has seen the test."""

import pandas as pd
from kedro.pipeline import Pipeline

from triptych.errors import PipelineError
from triptych.parameters.forecasting import ForecastParameters
from triptych.pipelines.namespaces import group_nodes, make_node
from triptych.pipelines.ts_common.periods import DAY, parse_as_of, study_periods
from triptych.weather.exploration import plots
from triptych.weather.exploration.decomposition import decompose, find_anomalies, summarize_parts
from triptych.weather.exploration.missing import missing_values
from triptych.weather.exploration.spectrum import estimate_spectra, find_lines
from triptych.weather.exploration.stationarity import check_stationarity

Period = dict[str, str]


def plan_exploration(history: pd.DataFrame, as_of: str, forecast: ForecastParameters) -> Period:
    """Choose the first and last day of the exploration: training and validation of the study."""
    periods = study_periods(parse_as_of(as_of), forecast)
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
    threshold = {"threshold": "params:exploration.anomaly_threshold"}
    shown = {"period": "exploration_period", "locations": "params:exploration.shown_locations"}
    significance = "params:exploration.significance"
    figures = [
        make_node(plots.plot_decomposition, "decomposition_figure", **shown),
        make_node(plots.plot_seasons, "seasons_figure", **shown),
        make_node(plots.plot_spectrum, "spectrum_figure", **shown),
        make_node(plots.plot_anomalies, "anomalies_figure", **threshold, **shown),
        make_node(plots.plot_missing, "missing_values_figure", **shown),
    ]
    tables = [
        make_node(plan_exploration, "exploration_period"),
        make_node(decompose_temperature, "decomposition"),
        make_node(summarize_parts, "decomposition_summary"),
        make_node(check_stationarity, "stationarity", significance=significance),
        make_node(estimate_spectra, "spectrum"),
        make_node(find_lines, "spectral_lines"),
        make_node(find_anomalies, "anomalies", **threshold),
        make_node(count_missing, "missing_values"),
    ]
    return group_nodes("exploration", [*tables, group_nodes("plots", figures)])
