"""The MLflow model of photos or reviews: code and files, no pickle. MLflow runs this file."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from triptych.registry.model_types import KINDS


class ServedClassifier(PythonModel):
    """Labels items.

    Args:
        kind: of triptych.registry.model_types; None takes it from the model's configuration.
    """

    def __init__(self, kind: str | None = None) -> None:
        self.kind = kind  # given by the code of models that earlier versions logged

    def load_context(self, context: PythonModelContext) -> None:
        """Load the classifier's files."""
        kind = KINDS[self.kind or context.model_config["kind"]]
        self.classifier = kind.load(Path(context.artifacts["classifier"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 (MLflow passes it)
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """Label the items of the only column: paths of photos, or reviews.

        Returns:
            One row per item: `label`, then the probability of each class, named by it.
        """
        items = model_input.iloc[:, 0].tolist()
        classes = list(self.classifier.classes)
        found = pd.DataFrame(self.classifier.probabilities(items), columns=classes)
        found.insert(0, "label", found.idxmax(axis=1))
        return found


mlflow.models.set_model(ServedClassifier())
