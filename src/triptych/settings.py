"""Kedro's settings for this project."""

import os

from triptych.hooks import SummaryHook, TrackingHook
from triptych.resolvers import RESOLVERS

# MLflow too reports its use to its makers unless told not to.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

HOOKS = (TrackingHook(), SummaryHook())

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "globals": "soft", "mlflow": "soft"},
    "custom_resolvers": RESOLVERS,
}
