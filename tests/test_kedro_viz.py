"""Pipelines are readable in Kedro-Viz: few boxes at every level, and layers in order."""

from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro_viz.services.layers import sort_layers

from tests.test_conventions import catalog, double_it, pipelines
from triptych.pipeline_registry import MAIN_JOB
from triptych.pipelines.namespaces import full_names, group_nodes

MOST_IN_A_BOX = 12
MOST_AT_THE_TOP = {"__default__": 10, "nlp": 8, "vision": 8}
LAYERS = ["raw", "intermediate", "primary", "model_input", "models", "model_output", "reporting"]


def registered() -> dict[str, Pipeline]:
    found = pipelines()
    return {**found, "__default__": sum((found[name] for name in MAIN_JOB), start=Pipeline([]))}


def crowded(name: str, pipeline: Pipeline) -> dict[str, int]:
    """Return boxes with too many nodes and namespaces, with their number; "" is the top."""
    boxes: dict[str, set[str]] = {"": set()}
    for node in pipeline.nodes:
        parents = node.namespace_prefixes if node.namespace else []
        for parent, child in zip(["", *parents], [*parents, node.name], strict=True):
            boxes.setdefault(parent, set()).add(child)
    top = MOST_AT_THE_TOP.get(name, MOST_IN_A_BOX)  # also for the pipeline's own box
    limits = {"": top, name: top}
    sizes = {box: len(children) for box, children in boxes.items()}
    return {box: size for box, size in sizes.items() if size > limits.get(box, MOST_IN_A_BOX)}


def layers(pipeline: Pipeline, known: DataCatalog) -> list[str]:
    """Return the layers in the order of Kedro-Viz; none if they form a cycle."""
    children: dict[str, set[str]] = {name: set() for name in pipeline.datasets()}
    for node in pipeline.nodes:
        for name in node.inputs:
            children[name] |= set(node.outputs)
    labelled = {name: SimpleNamespace(layer=layer(name, known)) for name in children}
    return sort_layers(labelled, children)  # type: ignore[arg-type]


def layer(name: str, known: DataCatalog) -> str | None:
    dataset = None if name.startswith("params:") else known.get(name)
    metadata = getattr(dataset, "metadata", None) or {}
    return metadata.get("kedro-viz", {}).get("layer")


def nodes(count: int) -> list[Node]:
    return [Node(double_it, "history", f"made_{n}", name=f"double_{n}") for n in range(count)]


def test_no_box_is_crowded() -> None:
    for name, pipeline in registered().items():
        assert crowded(name, pipeline) == {}, name

    free = Pipeline(nodes(9))
    assert crowded("nlp", free) == {"": 9}
    assert crowded("nlp", group_nodes("nlp", nodes(9))) == {"nlp": 9}
    nested = group_nodes("ingestion", [group_nodes("all", nodes(13))])
    assert crowded("ingestion", nested) == {"ingestion.all": 13}


def test_every_pipeline_is_a_namespace() -> None:
    for name, pipeline in pipelines().items():
        assert {node.namespace_prefixes[0] for node in pipeline.nodes} <= {name, "ts_common"}


def test_layers_are_shown_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalog("base", monkeypatch)

    for name, pipeline in registered().items():
        shown = layers(pipeline, known)
        assert "reporting" in shown, name
    for name in MOST_AT_THE_TOP:  # `primary` is not an input of models
        shown = [layer for layer in layers(registered()[name], known) if layer != "primary"]
        assert shown == [layer for layer in LAYERS if layer in shown], name

    back = Node(double_it, "review_summary", "word_vectors", name="double_it")
    assert layers(Pipeline([back]), known) == ["reporting", "models"]
    forth = Node(double_it, "tuned_lstms", "lstm_timings_plot", name="triple_it")
    assert layers(Pipeline([back, forth]), known) == []


def test_nodes_are_named_with_and_without_their_namespace() -> None:
    pipeline = group_nodes("outer", [group_nodes("inner", nodes(2))])

    named = full_names(pipeline, ["double_0", "outer.inner.double_1", "unknown"])

    assert named == ["outer.inner.double_0", "outer.inner.double_1", "unknown"]
    assert {"history", "made_0"} <= pipeline.datasets()
