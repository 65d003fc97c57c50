"""What a run says of the version that it trained: which it is, and where it is in its life."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from triptych.registry.tracking import MODEL_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient

STAGE_TAG = "triptych.stage"
REGISTERED_TAG = "triptych.registered"


def tag_run(run_id: str, row: Mapping[str, Any]) -> None:
    """Tell a run the version that its model has become, and its stage as it is now.

    Args:
        run_id: of the run that has just trained it.
        row: of `models`; an earlier run may have trained the very same model.
    """
    import mlflow

    client = mlflow.MlflowClient()
    client.set_tag(run_id, REGISTERED_TAG, f"{row['name']} version {row['version']}")
    client.set_tag(run_id, STAGE_TAG, row["stage"])


def tag_runs(client: "MlflowClient", row: Mapping[str, Any]) -> None:
    """Tell every run that trained this model its stage; runs that were removed are left out."""
    from mlflow.exceptions import MlflowException

    try:
        experiment = client.get_run(row["mlflow_run_id"]).info.experiment_id
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return
        raise
    wanted = f"tags.`{MODEL_TAG}` = '{row['model_id']}'"
    for run in client.search_runs([experiment], wanted):
        client.set_tag(run.info.run_id, STAGE_TAG, row["stage"])
