"""The MLflow model of every kind: code and files, no pickle. MLflow runs this file itself."""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from triptych.forecasting.contract import STEP, TEMPERATURE
from triptych.registry.model_types import KINDS


class ServedModel(PythonModel):
    """A stored forecaster or classifier behind MLflow's `predict`."""

    def __init__(self, kind: str | None = None) -> None:
        self.kind = kind  # None: of the configuration; classifiers of earlier versions give it

    def load_context(self, context: PythonModelContext) -> None:
        """Load the model's files."""
        kind = KINDS[self.kind or context.model_config["kind"]]
        self.model = kind.load(Path(context.artifacts[kind.artifact]))
        self.predict_frame = getattr(self, f"_use_{kind.artifact}")

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 (MLflow passes it)
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Forecast the steps that follow a history, or label items.

        Args:
            model_input: a history (forecasting.contract), some weeks long, whose times are UTC
                without a zone, as MLflow's schema has them; NWP forecasts may go on after the last
                temperature, whose end is the issue time. Or a column of paths of photos or reviews.
            params: `steps`, how many 3-hour steps to forecast; 8 unless given.

        Returns:
            location, time (UTC without a zone), mean, lower, upper in °C; of items, a `label` and
            the probability of each class, named by it.
        """
        found: pd.DataFrame = self.predict_frame(model_input, **(params or {}))
        return found

    def _use_forecaster(self, given: pd.DataFrame, steps: int = 8) -> pd.DataFrame:
        history = given.assign(time=given["time"].dt.tz_localize("UTC"))
        observed = history.loc[history[TEMPERATURE].notna(), "time"]
        origin = pd.DatetimeIndex([observed.max() + STEP])
        forecast = self.model.predict(history, origin, range(1, int(steps) + 1))
        naive: pd.DataFrame = forecast.assign(time=forecast["time"].dt.tz_localize(None))
        return naive[["location", "time", "mean", "lower", "upper"]]

    def _use_classifier(self, given: pd.DataFrame) -> pd.DataFrame:
        items, classes = given.iloc[:, 0].tolist(), list(self.model.classes)
        found = pd.DataFrame(self.model.probabilities(items), columns=classes)
        found.insert(0, "label", found.idxmax(axis=1))
        return found


mlflow.models.set_model(ServedModel())
