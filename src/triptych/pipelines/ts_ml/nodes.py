"""Compare feature sets, and tune the learned forecasters."""

import logging
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.evaluation.feature_sets import COLUMNS, FEATURE_SETS, compare_feature_sets
from triptych.forecasting.models.factory import NWP_NAMES
from triptych.parameters.forecasting import ModelParameters, NwpParameters, TuningParameters
from triptych.pipelines.ts_common.family import search_parameters
from triptych.pipelines.ts_common.panels import draw_panels, label
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import between

logger = logging.getLogger(__name__)


def compare_features(
    history: pd.DataFrame, periods: StudyPeriods, tuning: TuningParameters, seed: int
) -> dict[str, Any]:
    """Measure on validation what each set of features adds at the first locations."""
    slugs = sorted(history["location"].unique())[: tuning.feature_set_locations]
    known = between(history, periods.train_start, periods.test_start)
    known = known[known["location"].isin(slugs)]
    table = pd.DataFrame(columns=list(COLUMNS))
    try:
        if slugs:
            table = compare_feature_sets(known, periods.validation_start, periods.test_start, seed)
    except ShortHistoryError as error:
        logger.warning("Feature sets are not compared: %s", error)
    name = "features." + table["model"] + "." + table["location"] + ".rmse"
    step = table["feature_set"].map({label: n for n, label in enumerate(FEATURE_SETS, 1)})
    metrics = pd.DataFrame({"metric": name, "step": step, "value": table["rmse"]})
    return {"feature_set_comparison": table, "feature_set_metrics": metrics}


def plot_feature_sets(feature_set_comparison: pd.DataFrame) -> Figure:
    """Plot the validation RMSE against the sets of features, a panel a location."""
    figure, panels = draw_panels(feature_set_comparison.groupby("location", sort=False))
    for (slug, rows), axes in panels:
        for model, line in rows.groupby("model"):
            axes.plot(line["feature_set"], line["rmse"], "o-", label=model)
        title = f"{slug}: day-ahead error on validation"
        label(axes, title, "Features, each set added to those before it", "RMSE (°C)")
    return figure


def tune_models(
    history: pd.DataFrame,
    periods: StudyPeriods,
    models: ModelParameters,
    tuning: TuningParameters,
    nwp: NwpParameters,
    seed: int,
) -> dict[str, Any]:
    """Search hyperparameters: fitted on the training period, evaluated on validation."""
    delay = {"publication_delay_hours": nwp.publication_delay_hours}
    given = {n: own if n not in NWP_NAMES else delay | own for n, own in models.learned.items()}
    names = tuning.models if tuning.trials else []
    found = search_parameters(given, names, history, periods, trials=tuning.trials, seed=seed)
    outputs = ("tuned_parameters", "tuning_trials", "tuning_trial_metrics")
    return dict(zip(outputs, found, strict=True))
