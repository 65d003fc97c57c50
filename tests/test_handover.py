"""Pipelines exchange data only through the database and files, so that each can be a scheduler task
(docs/scale.md).
"""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from tests.test_conventions import catalog, double_it, pipelines


def crossing(parts: dict[str, Pipeline]) -> set[str]:
    """Return datasets that one pipeline produces and another consumes."""
    made = {name: set(part.all_outputs()) for name, part in parts.items()}
    return {
        dataset
        for name, part in parts.items()
        for dataset in part.inputs()
        if any(dataset in others for other, others in made.items() if other != name)
    }


def lost(parts: dict[str, Pipeline], known: DataCatalog) -> set[str]:
    """Return datasets that are lost when the process of a task ends."""
    return {
        name
        for name in crossing(parts)
        if name not in known or isinstance(known.get(name), MemoryDataset)
    }


@pytest.mark.parametrize("env", ["base", "live"])
def test_tasks_exchange_no_data_in_memory(env: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, known = pipelines(), catalog(env, monkeypatch)

    assert crossing(parts) >= {"history", "ingested_periods", "fitted_statistical", "predictions"}
    assert lost(parts, known) == set()


def test_a_memory_dataset_between_tasks_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = {
        "first": Pipeline([Node(double_it, "history", "fitted_models", name="double_it")]),
        "second": Pipeline([Node(double_it, "fitted_models", "doubled", name="double_it")]),
        "third": Pipeline([Node(double_it, "doubled", "end", name="double_it")]),
    }

    assert lost(planted, catalog("base", monkeypatch)) == {"fitted_models", "doubled"}
