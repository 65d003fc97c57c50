"""The chosen model, refitted and described for the registry."""

from typing import Any

import pandas as pd

from triptych.execution.batches import SERIAL
from triptych.forecasting.contract import STEPS_PER_DAY
from triptych.forecasting.evaluation.conformal import with_recent_scale
from triptych.forecasting.evaluation.metrics import DAY, at_served_age
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import ENSEMBLE_NAMES, make_forecaster
from triptych.parameters.forecasting import EngineParameters, RegistryParameters
from triptych.pipelines.ts_common.family import fit_in_batches
from triptych.pipelines.ts_common.periods import StudyPeriods, parse_as_of
from triptych.registry import tracking
from triptych.registry.provenance import frame_sha256

EXAMPLE_DAYS = 30
EXAMPLE_LOCATIONS = 10
METRICS = ("n", "rmse", "mae", "bias", "coverage", "skill_day", "skill_climatology")


def refit_model(
    chosen_model: str,
    model_ranking: list[str],
    fitted_models: dict[str, PanelForecaster],
    test_forecasts_by_age: pd.DataFrame,
    history: pd.DataFrame,
    periods: StudyPeriods,
    engine: EngineParameters = SERIAL,
) -> PanelForecaster:
    """Refit the chosen model on all data known at `as_of`; its intervals are those of the evaluated
    model, scaled to the errors of the last weeks. Members of an ensemble without any weight are
    left out; if all others need NWP forecasts, the best forecaster without them is the fallback.
    """
    evaluated = fitted_models[chosen_model]
    weights: dict[str, list[float]] = evaluated.parameters.get("weights") or {chosen_model: [1.0]}
    used = {name: given for name, given in weights.items() if any(given)}
    if all(fitted_models[name].uses_nwp for name in used):
        others = (n for n in model_ranking if n not in ENSEMBLE_NAMES)
        stand_in = next((n for n in others if not fitted_models[n].uses_nwp), None)
        used |= {stand_in: [0.0]} if stand_in else {}
    members = {name: fitted_models[name].parameters for name in used}
    name = evaluated.name if evaluated.name in ENSEMBLE_NAMES else ENSEMBLE_NAMES[0]
    parameters: dict[str, Any] = {"members": members, "weights": used}
    if len(used) == 1:
        ((name, parameters),) = members.items()
    made = make_forecaster(name, parameters, max_lead=evaluated.max_lead, seed=evaluated.seed)
    made = fit_in_batches(made, history[history["time"] >= periods.train_start], engine)
    rows = test_forecasts_by_age[test_forecasts_by_age["model"] == chosen_model]
    if evaluated.intervals is not None:
        made.intervals = with_recent_scale(evaluated.intervals, rows)
    return made


def prepare_candidate(
    chosen_model: str,
    refitted_model: PanelForecaster,
    fitted_models: dict[str, PanelForecaster],
    forecast_comparison: pd.DataFrame,
    history: pd.DataFrame,
    periods: StudyPeriods,
    as_of: str,
    registry: RegistryParameters,
) -> tracking.Candidate:
    """Gather the refitted model, its data's digest, and the errors of the evaluated model."""
    trained_on = history[history["time"] >= periods.train_start]
    few = trained_on[trained_on["location"].isin(refitted_model.locations[:EXAMPLE_LOCATIONS])]
    served = at_served_age(forecast_comparison)
    rows = served[(served["model"] == chosen_model) & (served["lead"] == DAY)]
    metrics = {
        row["location"]: {name: round(float(row[name]), 4) for name in METRICS}
        for row in rows.to_dict("records")
    }
    return tracking.Candidate(
        kind="temperature",
        name=tracking.model_name(refitted_model.locations),
        algorithm=chosen_model,
        model=refitted_model,
        evaluated=fitted_models[chosen_model],
        requirements=tracking.FORECASTER_REQUIREMENTS,
        example=few.groupby("location").tail(EXAMPLE_DAYS * STEPS_PER_DAY),
        as_of=parse_as_of(as_of).to_pydatetime(),
        parameters=refitted_model.parameters,
        features=list(refitted_model.feature_names),
        metrics=metrics,
        data_sha256=frame_sha256(trained_on),
        beats_baselines=tracking.beats_both_baselines(metrics),
        promote_first=registry.promote_first,
    )
