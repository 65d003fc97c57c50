"""Which locations have no forecast of their model, and whether that ends the run."""

import logging
from collections.abc import Hashable
from typing import Any

import pandas as pd

from triptych.errors import PipelineError
from triptych.parameters.operations import BatchParameters
from triptych.pipelines.ts_common.location_selection import shown

logger = logging.getLogger(__name__)


def list_incomplete(forecast_status: pd.DataFrame) -> list[str]:
    """Name the locations without a forecast, or with steps forecast by climatology.

    Returns:
        One sentence a cause, with its locations.
    """
    whole = (forecast_status["steps_climatology"] == 0).fillna(value=False)
    rows = forecast_status[~whole]
    causes = rows.assign(cause=[_describe(row) for row in rows.to_dict("records")])
    by_cause = causes.groupby("cause", sort=False)["location"]
    found = [f"{shown(list(slugs))}: {cause}" for cause, slugs in by_cause]
    for line in found:
        logger.warning("%s", line)
    return found


def refuse_incomplete(forecast_warnings: list[str], batch_inference: BatchParameters) -> None:
    """End the run with the warnings as its error, after the forecasts are written.

    Raises:
        PipelineError: there is a warning, and `batch_inference.on_missing` is `fail`.
    """
    if batch_inference.on_missing == "fail" and forecast_warnings:
        raise PipelineError(
            f"Not every location has a forecast of its model. {' '.join(forecast_warnings)} All "
            "forecasts that there are have been written. Ingest or train what is missing, or set "
            "batch_inference.on_missing=warn."
        )


def _describe(row: dict[Hashable, Any]) -> str:
    if pd.isna(row["known_until"]):
        return f"no forecast. {row['reason']}"
    steps = row["steps_model"] + row["steps_climatology"]
    text = (
        f"climatology for {row['steps_climatology']} of {steps} steps. The data end at "
        f"{row['known_until']:%Y-%m-%d %H:%M} UTC, {row['data_age']} h before as_of"
    )
    return f"{text}: {row['reason'] or 'the model has no value from there'}."
