"""Forecasters by name."""

from collections.abc import Mapping
from typing import Any

from triptych.forecasting.errors import UnknownModelError
from triptych.forecasting.models.arima import (
    ArimaForecaster,
    AutoregressionForecaster,
    SarimaForecaster,
    SarimaxForecaster,
)
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.baselines import (
    ClimatologyForecaster,
    PersistenceForecaster,
    SameHourYesterdayForecaster,
)
from triptych.forecasting.models.ensemble import EnsembleForecaster, EnsembleOfAllForecaster
from triptych.forecasting.models.gradient_boosting import LightGBMForecaster
from triptych.forecasting.models.kernel_ridge import KernelRidgeForecaster
from triptych.forecasting.models.mos import MosForecaster
from triptych.forecasting.models.nwp import NwpDebiasedForecaster, NwpMeanForecaster
from triptych.forecasting.models.random_forest import RandomForestForecaster
from triptych.forecasting.models.ridge import PooledRidgeForecaster, RidgeForecaster
from triptych.forecasting.models.sarima_ridge import SarimaRidgeForecaster

_CLASSES: dict[str, type[PanelForecaster]] = {
    kind.name: kind
    for kind in (
        PersistenceForecaster,
        SameHourYesterdayForecaster,
        ClimatologyForecaster,
        ArimaForecaster,
        SarimaForecaster,
        SarimaxForecaster,
        SarimaRidgeForecaster,
        RidgeForecaster,
        KernelRidgeForecaster,
        RandomForestForecaster,
        LightGBMForecaster,
        AutoregressionForecaster,
        PooledRidgeForecaster,
        NwpMeanForecaster,
        NwpDebiasedForecaster,
        MosForecaster,
        EnsembleForecaster,
        EnsembleOfAllForecaster,
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
    """An unfitted forecaster; UnknownModelError for a name or parameter that there is not."""
    if name not in _CLASSES:
        raise UnknownModelError(
            f"There is no forecaster {name!r}; there are {', '.join(MODEL_NAMES)}. Correct the "
            "name."
        )
    made = _CLASSES[name](parameters, max_lead=max_lead, seed=seed)
    if not isinstance(made, EnsembleForecaster):
        return made
    members = made.parameters["members"].items()
    return made.with_members(
        [make_forecaster(n, own, max_lead=max_lead, seed=seed) for n, own in members]
    )
