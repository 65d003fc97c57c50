"""Tune the learned forecasters."""

import logging
from typing import Any

import pandas as pd

from triptych.forecasting.errors import ShortHistoryError
from triptych.forecasting.evaluation.tuning import trial_metrics, trials_table, tune
from triptych.forecasting.models.factory import NWP_NAMES
from triptych.parameters.forecasting import ModelParameters, TuningParameters
from triptych.parameters.ingestion import NwpParameters
from triptych.pipelines.ts_common.periods import StudyPeriods
from triptych.pipelines.ts_common.study import between

logger = logging.getLogger(__name__)


def tune_models(
    history: pd.DataFrame,
    periods: StudyPeriods,
    models: ModelParameters,
    tuning: TuningParameters,
    nwp: NwpParameters,
    seed: int,
) -> dict[str, Any]:
    """Search hyperparameters: fitted on the training period, evaluated on validation.

    Returns:
        `tuned_parameters`: parameters by model; `tuning_trials`: one row a trial;
        `tuning_trial_metrics`: the same as metrics, step = number of the trial.
    """
    known = between(history, periods.train_start, periods.test_start)
    parameters = {name: dict(models.learned[name]) for name in models.learned}
    for name in parameters.keys() & set(NWP_NAMES):
        parameters[name].setdefault("publication_delay_hours", nwp.publication_delay_hours)
    trials = [trials_table([])]
    for name in tuning.models if tuning.trials else []:
        try:
            parameters[name], tried = tune(
                name,
                known,
                periods.validation_start,
                periods.test_start,
                trials=tuning.trials,
                seed=seed,
                base_parameters=parameters[name],
            )
        except ShortHistoryError as error:
            logger.warning("%s is not tuned: %s", name, error)
            continue
        trials.append(tried)
    table = pd.concat(trials, ignore_index=True)
    return {
        "tuned_parameters": parameters,
        "tuning_trials": table,
        "tuning_trial_metrics": trial_metrics(table),
    }
