"""Forecasters by name."""

from collections.abc import Mapping
from typing import Any

from triptych.forecasting.errors import ForecastingError
from triptych.forecasting.models import arima, baselines, ensemble, nwp, ridge
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.kernel_ridge import KernelRidgeForecaster
from triptych.forecasting.models.mos import MosForecaster
from triptych.forecasting.models.sarima_ridge import SarimaRidgeForecaster
from triptych.forecasting.models.trees import LightGBMForecaster, RandomForestForecaster

_CLASSES: dict[str, type[PanelForecaster]] = {
    kind.name: kind
    for kind in (
        baselines.PersistenceForecaster,
        baselines.SameHourYesterdayForecaster,
        baselines.ClimatologyForecaster,
        arima.ArimaForecaster,
        arima.SarimaForecaster,
        arima.SarimaxForecaster,
        SarimaRidgeForecaster,
        ridge.RidgeForecaster,
        KernelRidgeForecaster,
        RandomForestForecaster,
        LightGBMForecaster,
        arima.AutoregressionForecaster,
        ridge.PooledRidgeForecaster,
        nwp.NwpMeanForecaster,
        nwp.NwpDebiasedForecaster,
        MosForecaster,
        ensemble.EnsembleForecaster,
        ensemble.EnsembleOfAllForecaster,
    )
}
MODEL_NAMES = tuple(_CLASSES)
BASELINE_NAMES = ("persistence", "same_hour_yesterday", "climatology")
NWP_NAMES = ("nwp_mean", "nwp_debiased", "mos")
LEARNED_NAMES = ("ridge", "kernel_ridge", "random_forest", "lightgbm")
STATISTICAL_NAMES = ("arima", "sarima", "sarimax", "sarima_ridge")
ENSEMBLE_NAMES = ("ensemble", "ensemble_all")


def make_forecaster(
    name: str, parameters: Mapping[str, Any], *, max_lead: int, seed: int
) -> PanelForecaster:
    """An unfitted forecaster; ForecastingError for a name or parameter that there is not."""
    if name not in _CLASSES:
        raise ForecastingError(
            f"There is no forecaster {name!r}; there are {', '.join(MODEL_NAMES)}. Correct the "
            "name."
        )
    made = _CLASSES[name](parameters, max_lead=max_lead, seed=seed)
    if not isinstance(made, ensemble.EnsembleForecaster):
        return made
    members = made.parameters["members"].items()
    return made.with_members(
        [make_forecaster(n, own, max_lead=max_lead, seed=seed) for n, own in members]
    )
