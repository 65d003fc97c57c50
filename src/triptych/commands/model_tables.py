"""Output of `kedro model list` and `kedro model show`."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from triptych.forecasting.evaluation.metrics import ALL
from triptych.registry.model_types import TEMPERATURE

Row = dict[str, Any]
_COLUMNS = ("name", "version", "algorithm", "stage")
_SPELT_OUT = 3  # maximum number of locations listed with their errors


def list_lines(rows: Sequence[Row]) -> list[str]:
    """Return one line per version, by name and number; forecasters first, then classifiers."""
    rows = sorted(rows, key=lambda row: (row["name"], row["version"]))
    forecasters = [row for row in rows if row["kind"] == TEMPERATURE]
    classifiers = [row for row in rows if row["kind"] != TEMPERATURE]
    lines = []
    for of_kind, measure, figures, trained in (
        (forecasters, "day-ahead RMSE (°C)", _errors, "trained until"),
        (classifiers, "accuracy", _accuracies, "trained as of"),
    ):
        table = [
            (
                *(str(row[name]) for name in _COLUMNS),
                figures(row["metrics"]),
                f"{row['train_end'] or row['as_of']:%Y-%m-%d}",
                row["approved_by"] or "",
            )
            for row in of_kind
        ]
        if table:
            lines += ["", *_aligned([(*_COLUMNS, measure, trained, "approved by"), *table])]
    return lines[1:] or ["No models. Train one with kedro run."]


def show_lines(row: Row, history: Sequence[Row]) -> list[str]:
    """Return every field of a version, then its history."""
    changes = [
        (
            _text(change["at"]),
            f"{change['from_stage']} -> {change['to_stage']}",
            f"{change['action']}{' (forced)' if change['forced'] else ''}",
            f"by {change['who']}",
            change["why"],
        )
        for change in history
        if change["model_id"] == row["model_id"]
    ]
    return [
        *_aligned([(name, _text(value)) for name, value in row.items()]),
        "",
        "history",
        *(_aligned(changes) or ["none: a candidate since its registration"]),
    ]


def _errors(metrics: Row) -> str:
    rmse = {slug: scores.get("rmse") for slug, scores in metrics.items() if slug != ALL}
    if len(rmse) > _SPELT_OUT and ALL in metrics:
        return f"{_degrees(metrics[ALL].get('rmse'))} ({len(rmse)} locations)"
    return ", ".join(f"{slug} {_degrees(value)}" for slug, value in rmse.items())


def _accuracies(metrics: Row) -> str:
    return ", ".join(
        f"{split} {scores['accuracy']:.3f}" for split, scores in metrics.items()
        if scores.get("accuracy") is not None
    )  # fmt: skip


def _degrees(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
