"""Kedro's settings for this project."""

import os
import warnings

from triptych.hooks.parameters import ParameterHook
from triptych.hooks.run_description import RunDescriptionHook
from triptych.hooks.run_summary import SummaryHook
from triptych.hooks.tracking import TrackingHook
from triptych.parameters.resolvers import RESOLVERS

# MLflow too reports its use to its makers unless told not to, and is talkative.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
# TensorFlow tells how it was built, on stderr.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A server that is away is said so after seconds, not minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")

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
