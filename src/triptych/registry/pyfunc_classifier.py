"""A stored classifier behind MLflow's `predict`."""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from triptych.registry.model_types import load_files


class ServedClassifier(PythonModel):
    """Label items.

    Args:
        kind: of triptych.registry.model_types.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def load_context(self, context: PythonModelContext) -> None:
        """Open the classifier's files."""
        self.classifier = load_files(self.kind, Path(context.artifacts["classifier"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 (MLflow passes it)
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """Label the items of the only column.

        Args:
            model_input: paths of photos, or reviews.

        Returns:
            A row an item: `label`, then the probability of each class, named by it.
        """
        items = model_input.iloc[:, 0].tolist()
        classes = list(self.classifier.classes)
        found = pd.DataFrame(self.classifier.probabilities(items), columns=classes)
        found.insert(0, "label", found.idxmax(axis=1))
        return found
