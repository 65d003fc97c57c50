"""What each set of explanatory variables adds, measured on validation days."""

import logging
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from triptych.execution.progress import track
from triptych.forecasting.arrays import FloatArray, IntArray
from triptych.forecasting.contract import DAY_LEADS, STEPS_PER_DAY, TEMPERATURE
from triptych.forecasting.evaluation.metrics import skill
from triptych.forecasting.features.feature_table import (
    OF_TARGET,
    PLACE_AND_SEASON,
    origin_feature_names,
    origin_features,
    target_features,
)
from triptych.forecasting.features.grid import check_enough, step_numbers, to_grid
from triptych.forecasting.features.nwp import (
    PUBLICATION_DELAY_HOURS,
    lead_days_by_model,
    usable_forecasts,
)
from triptych.forecasting.features.panel import (
    Panel,
    find_neighbours,
    fit_climatology,
    to_panel,
    with_wind_components,
)

logger = logging.getLogger(__name__)

# Each set is added to those before it.
FEATURE_SETS = ("lags", "aggregates", "calendar and sun", "exogenous", "neighbours", "NWP")
COLUMNS = ("feature_set", "model", "location", "n", "rmse", "mae", "skill_day")
NEIGHBOURS = 2
MIN_NWP_DAYS = 100
ALPHA = 0.03  # of the ridge, per row, as in the forecaster
TREES: dict[str, Any] = {
    "n_estimators": 60, "learning_rate": 0.12, "num_leaves": 15, "colsample_bytree": 0.5
}  # fmt: skip
AGGREGATES = ("_mean", "_min", "_max")
LEADS = np.array(DAY_LEADS)


def feature_set(name: str) -> str:
    """The set that a feature belongs to, by its name (features.feature_table)."""
    if name.startswith("nwp_"):
        return "NWP"
    if name.startswith("neighbour"):
        return "neighbours"
    if name.startswith("target_day"):
        return "lags"
    if name in PLACE_AND_SEASON or name in OF_TARGET:
        return "calendar and sun"
    if not name.startswith(TEMPERATURE):
        return "exogenous"
    return "aggregates" if any(kind in name for kind in AGGREGATES) else "lags"


def compare_feature_sets(
    history: pd.DataFrame, validation_start: pd.Timestamp, end: pd.Timestamp, seed: int
) -> pd.DataFrame:
    """Fit ridge and LightGBM before `validation_start` with growing sets of features, and forecast
    leads 1-8 from every midnight until `end`.

    One ridge a location and lead, one LightGBM for all. If MIN_NWP_DAYS training days have NWP
    forecasts, all sets are fitted on those days; otherwise that set is left out. Returns COLUMNS:
    errors in °C over the validation days; skill_day is the RMSE skill against the seasonal naive.
    ShortHistoryError for less than a year of training.
    """
    before = history[history["time"] < validation_start]
    training, grid = (with_wind_components(to_grid(part)) for part in (before, history))
    check_enough(training)
    panel = to_panel(grid, fit_climatology(training))
    first, last = step_numbers(pd.DatetimeIndex([validation_start, end])).tolist()
    begin = -(-grid.first // STEPS_PER_DAY) + 8  # days: the longest lag
    midnights = STEPS_PER_DAY * np.arange(begin, -(-last // STEPS_PER_DAY))
    names, table = _design(panel, midnights)
    steps = midnights[:, None] + LEADS - 1
    observed = grid.at_steps(grid.values[TEMPERATURE], steps)
    naive = grid.at_steps(grid.values[TEMPERATURE], steps - STEPS_PER_DAY) - observed
    target = observed - panel.normal(steps)
    sets = np.array([feature_set(name) for name in names])
    fitted_on = midnights + STEPS_PER_DAY <= first
    tested = midnights >= first
    with_nwp = fitted_on & np.isfinite(table[..., sets == "NWP"]).any(axis=(0, 2, 3))
    compared: tuple[str, ...] = FEATURE_SETS
    chosen = with_nwp  # all sets on the same days
    if with_nwp.sum() < MIN_NWP_DAYS:
        logger.info("Feature set NWP is left out: %s training days have it", with_nwp.sum())
        compared, chosen = FEATURE_SETS[:-1], fitted_on
    scores = []
    for number, label in enumerate(track(compared, "Comparing feature sets")):
        design = table[..., np.isin(sets, FEATURE_SETS[: number + 1])]
        for model, predict in (("ridge", _ridge), ("lightgbm", _lightgbm)):
            made = predict(design[:, chosen], target[:, chosen], design[:, tested], seed)
            errors = _errors(made - target[:, tested], naive[:, tested])
            scores.append(errors.assign(location=grid.locations, feature_set=label, model=model))
    return pd.concat(scores, ignore_index=True).astype({"location": "str"})[list(COLUMNS)]


def _design(panel: Panel, midnights: IntArray) -> tuple[tuple[str, ...], FloatArray]:
    """Names, and values of shape (location, midnight, lead, feature)."""
    of_origin = origin_features(panel, find_neighbours(panel.grid, NEIGHBOURS), midnights)
    of_target = target_features(panel, midnights, LEADS)
    parts: list[npt.NDArray[np.floating[Any]]] = [
        np.broadcast_to(of_origin[:, :, None], (*of_target.shape[:3], of_origin.shape[-1])),
        of_target,
    ]
    names = origin_feature_names(panel.climatology.coefficients, NEIGHBOURS) + OF_TARGET
    models = lead_days_by_model(panel.grid.nwp)
    if models:
        issued = usable_forecasts(panel.grid, midnights, LEADS, PUBLICATION_DELAY_HOURS)
        normal = of_target[..., OF_TARGET.index("target_normal")]
        parts.append(np.moveaxis(issued, 2, 3) - normal[..., None])
        names += tuple(f"nwp_{model}" for model in models)
    return names, np.concatenate(parts, axis=-1).astype(np.float64)


def _ridge(design: FloatArray, target: FloatArray, asked: FloatArray, _: int) -> FloatArray:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    made = np.full(asked.shape[:3], np.nan)
    for place, lead in np.ndindex(len(design), design.shape[2]):
        known = np.isfinite(target[place, :, lead])
        if known.any():
            filled = SimpleImputer(keep_empty_features=True)
            model = make_pipeline(filled, StandardScaler(), Ridge(ALPHA * int(known.sum())))
            model.fit(design[place, known, lead], target[place, known, lead])
            made[place, :, lead] = model.predict(asked[place, :, lead])
    return made


def _lightgbm(design: FloatArray, target: FloatArray, asked: FloatArray, seed: int) -> FloatArray:
    from lightgbm import LGBMRegressor

    def flat(table: FloatArray) -> FloatArray:
        lead = np.broadcast_to(LEADS[:, None], (*table.shape[:3], 1))
        with_lead = np.concatenate([table, lead], axis=-1)
        return with_lead.reshape(-1, with_lead.shape[-1])

    known = np.isfinite(target).ravel()
    model = LGBMRegressor(**TREES, random_state=seed, n_jobs=1, verbosity=-1, deterministic=True)
    model.fit(flat(design)[known], target.ravel()[known])
    return np.asarray(model.predict(flat(asked)), dtype=np.float64).reshape(asked.shape[:3])


def _errors(error: FloatArray, naive: FloatArray) -> pd.DataFrame:
    """Figures of each location, from errors of shape (location, midnight, lead)."""
    known = np.isfinite(error) & np.isfinite(naive)
    table = pd.DataFrame({"n": known.sum(axis=(1, 2))})
    for column, values in (("rmse", error**2), ("naive", naive**2), ("mae", np.abs(error))):
        table[column] = np.mean(values, axis=(1, 2), where=known)
    rmse, naive_rmse = table["rmse"] ** 0.5, table["naive"] ** 0.5
    return table.assign(rmse=rmse, skill_day=skill(rmse, naive_rmse))
