"""The rows of an answer as CSV, each complete in itself: with its forecast and its model."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from api.schemas import (
    ClassifierSummary,
    Forecast,
    LabelledItem,
    LabelledItems,
    Location,
    Locations,
    Model,
    ModelIdentity,
    Models,
    ModelSummary,
    ObservedPredictions,
    ObservedStep,
    Predictions,
    Step,
)

Listing = Predictions | ObservedPredictions | LabelledItems | Locations | Models


def write_csv(answer: Listing) -> bytes:
    """Write the rows of an answer (RFC 4180), the names of the columns first; null is empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _find_columns(answer))
    writer.writeheader()
    writer.writerows({name: _write(value) for name, value in row.items()} for row in _rows(answer))
    return text.getvalue().encode()


def write_json(answer: Listing) -> bytes:
    """Write an answer row by row: one call for all rows would keep every other thread waiting."""
    envelope = answer.model_copy(update={"data": []}).model_dump_json()
    rows = ",".join(row.model_dump_json() for row in answer.data)
    return envelope.replace('"data":[]', f'"data":[{rows}]', 1).encode()


def _find_columns(answer: Listing) -> list[str]:
    """Name the columns, which an answer without rows has, too."""
    if isinstance(answer, Predictions):
        of_forecast = [name for name in Forecast.model_fields if name not in {"location", "model"}]
        return [*Step.model_fields, *of_forecast, *map(_prefix, ModelSummary.model_fields)]
    if isinstance(answer, ObservedPredictions):
        return _with_model(ObservedStep, ModelSummary)
    if isinstance(answer, LabelledItems):
        return _with_model(LabelledItem, ClassifierSummary)
    return [*(Location if isinstance(answer, Locations) else Model).model_fields]


def _with_model(row: type[BaseModel], model: type[BaseModel]) -> list[str]:
    of_model = [_prefix(name) for name in model.model_fields if name != "model_id"]
    return [*row.model_fields, *of_model]


def _rows(answer: Listing) -> Iterator[dict[str, Any]]:
    if isinstance(answer, Predictions):
        behind = {each.location: _describe(each) for each in answer.forecasts}
        return ({**_dump(step), **behind[step.location]} for step in answer.data)
    if isinstance(answer, ObservedPredictions | LabelledItems):
        models = {each.model_id: _flatten(each) for each in answer.models}
        return ({**_dump(row), **models[row.model_id]} for row in answer.data)
    return map(_dump, answer.data)


def _describe(forecast: Forecast) -> dict[str, Any]:
    own = forecast.model_dump(mode="json", exclude={"location", "model"})
    return {**own, **_flatten(forecast.model)}


def _flatten(model: ModelIdentity) -> dict[str, Any]:
    return {_prefix(name): value for name, value in _dump(model).items()}


def _prefix(name: str) -> str:
    return name if name == "model_id" else f"model_{name}"


def _dump(row: BaseModel) -> dict[str, Any]:
    return row.model_dump(mode="json")


def _write(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
