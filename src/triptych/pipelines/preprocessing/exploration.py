"""What the years before the test period look like: nothing that is decided here has seen the test.

The plots are in `exploration_plots`, the statistics in `triptych.weather`.
"""

import pandas as pd

from triptych.errors import PipelineError
from triptych.parameters.forecasting import ForecastParameters
from triptych.parameters.ingestion import ExplorationParameters
from triptych.pipelines.ts_common.periods import DAY, parse_as_of, study_periods
from triptych.weather.exploration.decomposition import decompose, summarize
from triptych.weather.exploration.missing import missing_values
from triptych.weather.exploration.outliers import anomalies, robust_scores
from triptych.weather.exploration.spectrum import spectra, spectral_lines
from triptych.weather.exploration.stationarity import stationarity_tests

Period = dict[str, str]


def plan_exploration(
    history: pd.DataFrame, as_of: str, today: str, forecast: ForecastParameters
) -> Period:
    """Fix the period that may be looked at: training and validation of the study.

    Returns:
        `start` and `end`: the first and the last day, ISO 8601.

    Raises:
        PipelineError: the data have no day in it.
    """
    periods = study_periods(parse_as_of(as_of, today), forecast)
    period = {
        "start": f"{periods.train_start:%Y-%m-%d}",
        "end": f"{periods.test_start - DAY:%Y-%m-%d}",
    }
    if explored(history, period).empty:
        raise PipelineError(
            "The exploration looks at training and validation alone, "
            f"{period['start']} to {period['end']}, but the data span "
            f"{history['time'].min():%Y-%m-%d} to {history['time'].max():%Y-%m-%d}. "
            "Name other dates in forecast.*, or ingest more."
        )
    return period


def explored(frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The rows of a frame whose `time` lies on a day of the period."""
    start = pd.Timestamp(period["start"], tz="UTC")
    end = pd.Timestamp(period["end"], tz="UTC") + DAY
    return frame[(frame["time"] >= start) & (frame["time"] < end)]


def decompose_temperature(
    history: pd.DataFrame, exploration_period: Period
) -> dict[str, pd.DataFrame]:
    """Take the temperature apart into trend, seasons and residual (MSTL).

    Returns:
        `decomposition`, a row a step; `decomposition_summary`, a row a location.
    """
    parts = decompose(explored(history, exploration_period))
    return {"decomposition": parts, "decomposition_summary": summarize(parts)}


def check_stationarity(
    decomposition: pd.DataFrame, exploration: ExplorationParameters
) -> pd.DataFrame:
    """Test each location's daily means by ADF and KPSS; the table says what both nulls are."""
    return stationarity_tests(decomposition, exploration.significance)


def analyze_spectrum(decomposition: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Estimate the power spectra, and find the periods that stand out.

    Returns:
        `spectrum`: density by location, method and period; `spectral_lines`: a row a line.
    """
    spectrum = spectra(decomposition)
    return {"spectrum": spectrum, "spectral_lines": spectral_lines(spectrum)}


def find_anomalies(decomposition: pd.DataFrame, exploration: ExplorationParameters) -> pd.DataFrame:
    """List the steps whose residual lies beyond the threshold, in robust standard deviations."""
    return anomalies(robust_scores(decomposition), exploration.anomaly_threshold)


def describe_missing(known_hours: pd.DataFrame, exploration_period: Period) -> pd.DataFrame:
    """Count what the source did not have, before anything is filled in."""
    return missing_values(explored(known_hours, exploration_period))
