"""What crosses from one pipeline to another is in the database or in files: so each can be a task
of a scheduler, on a machine of its own (docs/scale.md).
"""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from tests.test_conventions import catalog, double_it, pipelines


def crossing(parts: dict[str, Pipeline]) -> set[str]:
    """Datasets that one pipeline makes and another takes without making them itself."""
    made = {name: set(part.all_outputs()) for name, part in parts.items()}
    return {
        dataset
        for name, part in parts.items()
        for dataset in part.inputs()
        if any(dataset in others for other, others in made.items() if other != name)
    }


def lost(parts: dict[str, Pipeline], known: DataCatalog) -> set[str]:
    """What would be gone when the process of one task ends."""
    return {
        name
        for name in crossing(parts)
        if name not in known or isinstance(known.get(name), MemoryDataset)
    }


@pytest.mark.parametrize("env", ["base", "live"])
def test_nothing_that_crosses_between_tasks_stays_in_memory(
    env: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, known = pipelines(), catalog(env, monkeypatch)

    assert crossing(parts) >= {"history", "ingested_periods", "fitted_statistical", "predictions"}
    assert lost(parts, known) == set()


def test_a_hand_over_in_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = {
        "first": Pipeline([Node(double_it, "history", "fitted_models", name="double_it")]),
        "second": Pipeline([Node(double_it, "fitted_models", "doubled", name="double_it")]),
        "third": Pipeline([Node(double_it, "doubled", "end", name="double_it")]),
    }

    assert lost(planted, catalog("base", monkeypatch)) == {"fitted_models", "doubled"}
