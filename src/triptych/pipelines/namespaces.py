"""Namespaces group nodes into the boxes of Kedro-Viz; datasets and parameters keep their names."""

from collections.abc import Iterable

from kedro.pipeline import Node, Pipeline


def group_nodes(namespace: str, nodes: Iterable[Node | Pipeline], tags: str = "") -> Pipeline:
    """Put nodes into a namespace; groups among them are nested in it."""
    return Pipeline(
        nodes, namespace=namespace, prefix_datasets_with_namespace=False, tags=tags or None
    )


def full_names(pipeline: Pipeline, names: Iterable[str]) -> list[str]:
    """Resolve names of nodes: `plan_study` as well as `ts_common.plan_study`.

    A name that no node has is returned as it is.
    """
    known = {node.short_name: node.name for node in pipeline.nodes}
    return [known.get(name, name) for name in names]
