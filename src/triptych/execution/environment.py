"""Settings of Python and of libraries: imported before the libraries are."""

import atexit
import gc
import os

_DEFAULTS = {
    "OPENBLAS_NUM_THREADS": "1",  # the matrices are small: more threads only wait for each other
    "MALLOC_ARENA_MAX": "2",  # glibc in worker processes: 150 MB less for each network in training
    # MLflow too reports its use to its makers unless told not to, and is talkative.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight processes for what is not used
    "MLFLOW_ENABLE_SGC_RUN_RESUMPTION_FOR_DATABRICKS_JOBS": "false",  # it would import IPython
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # a server that is away is reported after seconds
    "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow tells how it was built, on stderr
}
for _name, _value in _DEFAULTS.items():
    os.environ.setdefault(_name, _value)

# Python searches imports and rows of tables for cycles, at its end too: 3 of 10 s of a short run.
gc.set_threshold(50_000, 20, 20)
atexit.register(gc.freeze)
