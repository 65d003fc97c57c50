"""The MLflow model: a stored forecaster behind MLflow's `predict`. MLflow runs this file itself.

Code and files, no pickle: what `mlflow.pyfunc.load_model` opens can only be what is written here.
"""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from triptych.forecasting.contract import STEP, TEMPERATURE
from triptych.forecasting.storage import load_forecaster


class ServedForecaster(PythonModel):
    """Forecast the steps that follow the last one given."""

    def load_context(self, context: PythonModelContext) -> None:
        """Open the forecaster's files."""
        self.forecaster = load_forecaster(Path(context.artifacts["forecaster"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 (MLflow passes it)
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Forecast from a history whose times are UTC without a zone, as MLflow's schema has them.

        Args:
            model_input: a history (forecasting.contract), some weeks long; NWP forecasts may go on
                after the last temperature, whose end is the issue time.
            params: `steps`, how many 3-hour steps to forecast; 8 unless given.

        Returns:
            location, time (UTC without a zone), mean, lower, upper in °C.
        """
        history = model_input.assign(time=model_input["time"].dt.tz_localize("UTC"))
        observed = history.loc[history[TEMPERATURE].notna(), "time"]
        origin = pd.DatetimeIndex([observed.max() + STEP])
        steps = int((params or {}).get("steps", 8))
        forecast = self.forecaster.predict(history, origin, range(1, steps + 1))
        naive = forecast.assign(time=forecast["time"].dt.tz_localize(None))
        return naive[["location", "time", "mean", "lower", "upper"]]


mlflow.models.set_model(ServedForecaster())
