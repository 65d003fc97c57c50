"""Kedro hooks: check the parameters, track the run in MLflow, describe it, sum it up in the log."""
