"""The chosen model and what the registry is told of it."""

from collections.abc import Sequence

import pandas as pd

from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.evaluation.metrics import DAY
from triptych.forecasting.models.base import PanelForecaster
from triptych.parameters.operations import RegistryParameters
from triptych.pipelines.ts_common.periods import StudyPeriods, parse_as_of
from triptych.pipelines.ts_common.study import between
from triptych.registry.candidate import Candidate
from triptych.registry.naming import model_name
from triptych.registry.provenance import frame_sha256

EXAMPLE_DAYS = 30
EXAMPLE_LOCATIONS = 10
METRICS = ("n", "rmse", "mae", "bias", "coverage", "skill_day", "skill_climatology")


def prepare_candidate(
    chosen_model: str,
    fitted_models: dict[str, PanelForecaster],
    forecast_comparison: pd.DataFrame,
    history: pd.DataFrame,
    periods: StudyPeriods,
    as_of: str,
    today: str,
    registry: RegistryParameters,
) -> Candidate:
    """Gather the chosen model, its data's digest and its errors on the test period."""
    forecaster = fitted_models[chosen_model]
    trained_on = between(history, periods.train_start, periods.test_start)
    rows = forecast_comparison[
        (forecast_comparison["model"] == chosen_model) & (forecast_comparison["lead"] == DAY)
    ]
    return Candidate(
        name=model_name(forecaster.locations),
        algorithm=chosen_model,
        forecaster=forecaster,
        example=_example(trained_on, forecaster.locations[:EXAMPLE_LOCATIONS]),
        locations=list(forecaster.locations),
        train_start=forecaster.train_start.to_pydatetime(),
        train_end=forecaster.train_end.to_pydatetime(),
        as_of=parse_as_of(as_of, today).to_pydatetime(),
        parameters=forecaster.parameters,
        features=list(forecaster.feature_names),
        metrics={
            row["location"]: {name: round(float(row[name]), 4) for name in METRICS}
            for row in rows.to_dict("records")
        },
        data_sha256=frame_sha256(trained_on),
        promote_first=registry.promote_first,
    )


def _example(history: pd.DataFrame, locations: Sequence[str]) -> pd.DataFrame:
    """The last days of a few locations."""
    few = history[history["location"].isin(locations)]
    return few.groupby("location").tail(EXAMPLE_DAYS * STEPS_PER_DAY)
