"""The data of a run as MLflow's datasets: name, digest, source, columns; no row is copied."""

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from triptych.registry.snapshots import FOLDER, MANIFESTS, TrainingRows

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

_LONGEST_DIGEST = 36  # MLflow's limit; the whole digest stands in the profile and in a tag
_LISTED = 3
_SCHEMA_ROWS = 100  # all rows: 26 s for two million rows of ten columns


def log_training_data(rows: TrainingRows, snapshot: str) -> None:
    """Name to the MLflow run that is active what it knew, and what its models were fitted on.

    Args:
        rows: as they were stored.
        snapshot: digest of the stored history.
    """
    import mlflow

    run = mlflow.active_run()
    if run is None:
        return
    source = (FOLDER / MANIFESTS / f"{snapshot}.json").as_posix()  # the project may be moved
    where = place_names(rows.history["location"].unique())
    named: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        (f"training rows of {where}", "training", rows.sha256, {}),
        (f"history of {where}", "history", snapshot, _profile(rows.history)),
    )
    mlflow.MlflowClient().log_inputs(
        run.info.run_id,
        datasets=[
            _dataset(name, context, sha256, source, rows.history, profile)
            for name, context, sha256, profile in named
        ],
    )


def place_names(slugs: Any) -> str:
    """Name locations for people: each, or how many."""
    names = [str(slug) for slug in slugs]
    return ", ".join(names) if len(names) <= _LISTED else f"{len(names)} locations"


def _dataset(
    name: str, context: str, sha256: str, source: str, frame: pd.DataFrame, profile: dict[str, Any]
) -> "DatasetInput":
    import warnings

    from mlflow.data.pandas_dataset import from_pandas
    from mlflow.entities import Dataset, DatasetInput, InputTag

    rows = frame.head(_SCHEMA_ROWS)
    with warnings.catch_warnings():  # MLflow finds its local source twice
        warnings.simplefilter("ignore", UserWarning)
        described = from_pandas(rows, source, name=name, digest=sha256[:_LONGEST_DIGEST])
    fields: dict[str, Any] = described.to_dict()
    fields["profile"] = json.dumps({"sha256": sha256, **profile})
    return DatasetInput(Dataset(**fields), [InputTag("mlflow.data.context", context)])


def _profile(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        "rows": len(frame),
        "locations": int(frame["location"].nunique()),
        "first": frame["time"].min().isoformat(),
        "last": frame["time"].max().isoformat(),
    }
