"""Kedro's settings for this project."""

import warnings

from triptych.execution import environment  # noqa: F401 - before NumPy and MLflow are imported
from triptych.hooks.parameters import ParameterHook
from triptych.hooks.run_description import RunDescriptionHook
from triptych.hooks.run_summary import SummaryHook
from triptych.hooks.tracking import TrackingHook
from triptych.parameters.resolvers import RESOLVERS

# kedro-mlflow is imported by every kedro command, and MLflow then warns of a type hint that
# kedro-mlflow lacks. Imported here first, it does so unheard.
with warnings.catch_warnings(record=True):
    import kedro_mlflow.mlflow  # noqa: F401

HOOKS = (ParameterHook(), TrackingHook(), RunDescriptionHook(), SummaryHook())

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "mlflow": "soft"},
    "custom_resolvers": RESOLVERS,
}
