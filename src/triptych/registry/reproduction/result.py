"""What a training gave, as far as it can be compared bit for bit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from triptych.registry.run_manifest import DATA_TAG, FITTED_TAG
from triptych.registry.tracking import CHOSEN_METRICS, MODEL_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ROWS, MODEL = "training rows", "registered model"
# What a run tells of itself beside its training.
_NOT_OF_TRAINING = ("live.", "system/", CHOSEN_METRICS)


@dataclass(frozen=True)
class Result:
    """The outcome of a training.

    Attributes:
        digests: of the training rows and of the files of each model, by a name for people.
        metrics: by name and step.
    """

    digests: dict[str, str]
    metrics: dict[tuple[str, int], float]


def fitted(name: str) -> str:
    """What the digest of a fitted forecaster's files is called."""
    return f"fitted {name}"


def recorded_result(client: "MlflowClient", run: "Run") -> Result:
    """Read what the run has left in MLflow: tags, and every value of every metric."""
    tags = run.data.tags
    digests = {ROWS: tags[DATA_TAG]} if DATA_TAG in tags else {}
    if MODEL_TAG in tags:
        digests[MODEL] = tags[MODEL_TAG]
    for name in sorted(name for name in tags if name.startswith(FITTED_TAG)):
        digests[fitted(name.removeprefix(FITTED_TAG))] = tags[name]
    names = [name for name in run.data.metrics if not name.startswith(_NOT_OF_TRAINING)]
    metrics = {
        (name, metric.step): metric.value
        for name in sorted(names)
        for metric in client.get_metric_history(run.info.run_id, name)
    }
    return Result(digests, metrics)
