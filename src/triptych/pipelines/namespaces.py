"""Nodes wired by the names of their arguments, and namespaces: the boxes of Kedro-Viz."""

from collections.abc import Callable, Iterable
from inspect import signature
from typing import Any

from kedro.pipeline import Node, Pipeline

from triptych.parameters.base import Parameters
from triptych.parameters.run import RunParameters


def make_node(
    function: Callable[..., Any],
    *outputs: str,
    name: str | None = None,
    group: str | None = None,
    **inputs: str,
) -> Node:
    """Build a node that is named after its function and takes the inputs that its arguments name.

    An argument takes the parameter of its name, of the `group` or of RunParameters, or else the
    dataset of its name, unless `inputs` names another; optional ones (default None) are used only
    if `inputs` has them.
    With several `outputs`, the function returns a dictionary of them.
    """
    arguments = signature(function).parameters.values()
    used = [each.name for each in arguments if each.default is not None or each.name in inputs]
    fields = RunParameters.model_fields
    annotation: Any = fields[group].annotation if group else Parameters
    of_group = annotation.model_fields
    named = {
        each: f"params:{group}.{each}" if each in of_group
        else f"params:{each}" if each in fields else each
        for each in used
    }  # fmt: skip
    return Node(
        function,
        inputs=named | inputs,
        outputs=outputs[0] if len(outputs) == 1 else {each: each for each in outputs} or None,
        name=name or function.__name__,
    )


def group_nodes(namespace: str, nodes: Iterable[Node | Pipeline], tags: str = "") -> Pipeline:
    """Put nodes into a namespace; groups among them are nested in it."""
    return Pipeline(
        nodes, namespace=namespace, prefix_datasets_with_namespace=False, tags=tags or None
    )


def full_names(pipeline: Pipeline, names: Iterable[str]) -> list[str]:
    """Resolve names of nodes, `plan_study` as well as `ts_common.plan_study`; keep unknown ones."""
    known = {node.short_name: node.name for node in pipeline.nodes}
    return [known.get(name, name) for name in names]
