"""The data of a run as MLflow datasets: name, digest, source, columns; rows are not copied."""

import json
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from triptych.registry.snapshots import FOLDER, MANIFESTS, TrainingRows

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

_LONGEST_DIGEST = 36  # MLflow's limit; the full digest is in the profile and in a tag
_SPELT_OUT = 3
_SCHEMA_ROWS = 100  # all rows: 26 s for two million rows of ten columns


def log_training_data(rows: TrainingRows, snapshot: str) -> None:
    """Log the history and the training rows to the active MLflow run.

    Args:
        rows: as they were stored.
        snapshot: digest of the stored history.
    """
    import mlflow

    history, where = rows.history, place_names(rows.history["location"].unique())
    profile = {
        "rows": len(history),
        "locations": int(history["location"].nunique()),
        "first": history["time"].min().isoformat(),
        "last": history["time"].max().isoformat(),
    }
    source = (FOLDER / MANIFESTS / f"{snapshot}.json").as_posix()  # the project may be moved

    def describe(context: str, name: str, sha256: str, profile: dict[str, Any]) -> "DatasetInput":
        from mlflow.data.pandas_dataset import from_pandas
        from mlflow.entities import Dataset, DatasetInput, InputTag

        with warnings.catch_warnings():  # MLflow finds its local source twice
            warnings.simplefilter("ignore", UserWarning)
            found = from_pandas(
                history.head(_SCHEMA_ROWS), source, name=name, digest=sha256[:_LONGEST_DIGEST]
            )
        fields: dict[str, Any] = found.to_dict()
        fields["profile"] = json.dumps({"sha256": sha256, **profile})
        return DatasetInput(Dataset(**fields), [InputTag("mlflow.data.context", context)])

    inputs = [
        describe("training", f"training rows of {where}", rows.sha256, {}),
        describe("history", f"history of {where}", snapshot, profile),
    ]
    run = mlflow.active_run() or mlflow.start_run()
    mlflow.MlflowClient().log_inputs(run.info.run_id, datasets=inputs)


def place_names(slugs: Iterable[Any]) -> str:
    """List locations, or their number."""
    names = [str(slug) for slug in slugs]
    return ", ".join(names) if len(names) <= _SPELT_OUT else f"{len(names)} locations"
