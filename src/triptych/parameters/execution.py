"""Parameters of the execution of batches."""

from typing import Literal

from triptych.parameters.base import Count, Parameters


class EngineParameters(Parameters):
    """Where batches of locations are processed, and how large they are."""

    kind: Literal["serial", "joblib", "dask"] = "serial"
    batch_locations: Count = 50
    workers: Count | None = None  # processes; null: one a core
    address: str | None = None  # of a Dask scheduler; null: a cluster of this run only
