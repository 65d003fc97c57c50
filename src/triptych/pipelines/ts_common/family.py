"""The study of one family of forecasters, used by ts_ml and ts_statistical."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import product
from typing import Any

import pandas as pd
from kedro.pipeline import Node, Pipeline

from triptych.execution.batches import SERIAL, map_batches, map_items, split_locations
from triptych.execution.progress import track
from triptych.forecasting.contract import FORECAST_COLUMNS
from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.evaluation import conformal
from triptych.forecasting.evaluation.backtest import backtest_part, parts_of
from triptych.forecasting.evaluation.metrics import score
from triptych.forecasting.evaluation.tuning import trial_metrics, trials_table, tune
from triptych.forecasting.models.base import PanelForecaster
from triptych.forecasting.models.factory import BASELINE_NAMES, make_forecaster
from triptych.parameters.forecasting import EngineParameters
from triptych.pipelines.namespaces import group_nodes, make_node
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import between, keep_training_rows, plan_study

logger = logging.getLogger(__name__)

Forecasters = dict[str, PanelForecaster]
STUDY = {"history": "study_history", "periods": "study_periods"}


def common_pipeline() -> Pipeline:
    """Fix the periods and locations of the study, snapshot its rows, and forecast baselines."""
    baselines = ("baseline_validation_forecasts", "baseline_test_forecasts")
    nodes = [
        make_node(plan_study, "study_periods", "study_history"),
        make_node(keep_training_rows, "training_rows", **STUDY),
        make_node(forecast_baselines, *baselines, **STUDY),
    ]
    return group_nodes("ts_common", nodes)


def family_nodes(family: str, parameters: str) -> list[Node]:
    """Build the nodes from the dataset of the hyperparameters by model to a comparison on the test
    period; `family`, `learned` or `statistical`, is a part of the datasets' names.
    """
    validation, test = f"{family}_validation_forecasts", f"{family}_test_forecasts"
    fitted = {"forecasters": f"fitted_{family}", "validation_forecasts": validation}
    given = {"parameters": parameters, **STUDY}
    steps: list[tuple[Callable[..., Any], str, dict[str, str]]] = [
        (validate_family, validation, given),
        (fit_family, f"fitted_{family}", given | {"validation_forecasts": validation}),
        (backtest_family, test, fitted | STUDY),
        (compare_family, f"{family}_comparison", {"test_forecasts": test, **STUDY}),
    ]
    return [
        make_node(step, output, name=step.__name__.replace("family", family), **inputs)
        for step, output, inputs in steps
    ]


def search_parameters(
    parameters: Mapping[str, Mapping[str, Any]],
    names: Iterable[str],
    history: pd.DataFrame,
    periods: StudyPeriods,
    **options: Any,
) -> tuple[dict[str, dict[str, Any]], pd.DataFrame, pd.DataFrame]:
    """Search the parameters of the models `names`: fitted on the training period, evaluated on
    validation, with the options of tuning.tune. `parameters` are those to begin with, by model.

    Returns the parameters by model, tuning.TRIAL_COLUMNS, and the trials as metrics.
    """
    known = between(history, periods.train_start, periods.test_start)
    start, end = periods.validation_start, periods.test_start
    found = {name: dict(given) for name, given in parameters.items()}
    trials = [trials_table([])]
    for name in names:
        given = found[name]
        try:
            found[name], tried = tune(name, known, start, end, base_parameters=given, **options)
        except ShortHistoryError as error:
            logger.warning("%s is not tuned: %s", name, error)
        else:
            trials.append(tried)
    table = pd.concat(trials, ignore_index=True)
    return found, table, trial_metrics(table)


def forecast_baselines(
    history: pd.DataFrame, periods: StudyPeriods, seed: int, engine: EngineParameters = SERIAL
) -> dict[str, Any]:
    """Forecast validation and test period with every baseline; the latter with intervals."""
    parameters: dict[str, dict[str, Any]] = {name: {} for name in BASELINE_NAMES}
    validation = validate_family(history, periods, parameters, seed, engine)
    fitted = fit_family(history, periods, parameters, validation, seed, engine)
    test = backtest_family(fitted, history, periods, validation, engine)
    return {"baseline_validation_forecasts": validation, "baseline_test_forecasts": test}


def validate_family(
    history: pd.DataFrame,
    periods: StudyPeriods,
    parameters: dict[str, dict[str, Any]],
    seed: int,
    engine: EngineParameters = SERIAL,
) -> pd.DataFrame:
    """Fit models on the training period, and forecast every day of validation."""
    known = between(history, periods.train_start, periods.test_start)
    start = periods.validation_start
    fitted = fit_forecasters(known, start, parameters, periods.max_lead, seed, engine)
    made = backtests(fitted, known, start, periods.test_start, periods, engine)
    able = made.groupby("model")["mean"].transform("count") > 0
    for name in made.loc[~able, "model"].unique():
        logger.warning("%s is left out: it has no forecast in the validation period", name)
    return made[able].reset_index(drop=True)


def fit_family(
    history: pd.DataFrame,
    periods: StudyPeriods,
    parameters: dict[str, dict[str, Any]],
    validation_forecasts: pd.DataFrame,
    seed: int,
    engine: EngineParameters = SERIAL,
) -> Forecasters:
    """Fit models on all data before the test period; intervals come from validation."""
    known = between(history, periods.train_start, periods.test_start)
    validated = set(validation_forecasts["model"].unique())
    able = {name: own for name, own in parameters.items() if name in validated}
    fitted = fit_forecasters(known, periods.test_start, able, periods.max_lead, seed, engine)
    return calibrate(fitted, validation_forecasts)


def backtest_family(
    forecasters: Forecasters,
    history: pd.DataFrame,
    periods: StudyPeriods,
    validation_forecasts: pd.DataFrame,
    engine: EngineParameters = SERIAL,
) -> pd.DataFrame:
    """Forecast every day of the test period, all models from the same origins, with intervals."""
    known = between(history, periods.train_start, periods.test_end)
    made = backtests(forecasters, known, periods.test_start, periods.test_end, periods, engine)
    return scale_intervals(made, forecasters, validation_forecasts, periods)


def scale_intervals(
    test_forecasts: pd.DataFrame,
    forecasters: Forecasters,
    validation_forecasts: pd.DataFrame,
    periods: StudyPeriods,
) -> pd.DataFrame:
    """Scale intervals to the errors of the weeks before each issue, first those of validation."""
    since = periods.test_start - pd.Timedelta(days=2 * conformal.RECENT_DAYS)
    before = validation_forecasts[validation_forecasts["as_of"] >= since]
    recent = pd.concat([before, test_forecasts], ignore_index=True)
    scaled = [test_forecasts.iloc[:0]]
    for name, forecaster in forecasters.items():
        rows = recent[recent["model"] == name]
        if forecaster.intervals is not None:
            rows = conformal.with_bounds(rows, forecaster.intervals)
        scaled.append(conformal.scale_to_recent_errors(rows))
    made = pd.concat(scaled, ignore_index=True)
    return made[made["as_of"] >= periods.test_start].reset_index(drop=True)


def compare_family(
    baseline_test_forecasts: pd.DataFrame,
    test_forecasts: pd.DataFrame,
    history: pd.DataFrame,
    periods: StudyPeriods,
) -> pd.DataFrame:
    """Score baselines and a family's models on the same targets: metrics.SCORE_COLUMNS."""
    training = between(history, periods.train_start, periods.test_start)
    forecasts = pd.concat([baseline_test_forecasts, test_forecasts], ignore_index=True)
    return score(forecasts, training)


def fit_forecasters(
    history: pd.DataFrame,
    until: pd.Timestamp,
    parameters: dict[str, dict[str, Any]],
    max_lead: int,
    seed: int,
    engine: EngineParameters = SERIAL,
) -> Forecasters:
    """Fit the models on the data before `until`; one whose history is too short is left out."""
    training = history[history["time"] < until]
    fitted: Forecasters = {}
    for name, own in track(parameters.items(), "Fits"):
        logger.info("Fitting %s on the data before %s", name, until.date())
        forecaster = make_forecaster(name, own, max_lead=max_lead, seed=seed)
        try:
            fitted[name] = fit_in_batches(forecaster, training, engine)
        except ShortHistoryError as error:
            logger.warning("%s is left out: %s", name, error)
    return fitted


def fit_in_batches(
    forecaster: PanelForecaster, history: pd.DataFrame, engine: EngineParameters
) -> PanelForecaster:
    """Fit by batches of locations what can be joined from them, the others on the whole."""
    for each in (forecaster, *forecaster.members):
        each.map_parts = partial(map_items, engine)
    parts = split_locations(history, engine.batch_locations)
    if len(parts) == 1 or not forecaster.batchable:
        return forecaster.fit(history)
    doing = f"Fitting {forecaster.name}"
    return forecaster.join(map_batches(PanelForecaster.fit_part, parts, engine, doing, forecaster))


def backtests(
    forecasters: Forecasters,
    history: pd.DataFrame,
    start: pd.Timestamp,
    end: pd.Timestamp,
    periods: StudyPeriods,
    engine: EngineParameters = SERIAL,
) -> pd.DataFrame:
    """Forecast every day of [start, end) from the same origins, at each data age of the study."""
    tables = []
    for name, age in track(list(product(forecasters, periods.data_ages)), "Backtests"):
        model = forecasters[name]
        parts = parts_of(model, history, engine.batch_locations)
        shared = (model, start, end, periods.leads, age)
        made = map_batches(backtest_part, parts, engine, f"Backtest of {name}", *shared)
        tables += [table.assign(model=name) for table in made]
    return pd.concat(tables, ignore_index=True) if tables else _no_forecasts()


def calibrate(forecasters: Forecasters, validation_forecasts: pd.DataFrame) -> Forecasters:
    """Set the prediction intervals of each forecaster from its errors on validation."""
    for name, forecaster in forecasters.items():
        own = validation_forecasts[validation_forecasts["model"] == name]
        forecaster.intervals = conformal.learn_intervals(own)
    return forecasters


def _no_forecasts() -> pd.DataFrame:
    columns = [*FORECAST_COLUMNS, "observed", "data_age", "model", "scale"]
    instants = dict.fromkeys(("as_of", "time"), "datetime64[us, UTC]")
    numbers = dict.fromkeys(("mean", "lower", "upper", "observed", "scale"), "float64")
    counts = dict.fromkeys(("lead", "data_age"), "int64")
    return pd.DataFrame(columns=columns).astype({**instants, **numbers, **counts})
