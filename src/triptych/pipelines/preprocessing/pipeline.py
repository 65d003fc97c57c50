"""preprocessing: `weather_hourly` to `weather_3h`, the history of forecasters, exploration."""

from kedro.pipeline import Pipeline

from triptych.pipelines.namespaces import group_nodes, make_node
from triptych.pipelines.preprocessing import nodes
from triptych.pipelines.preprocessing.exploration import create_exploration


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    steps = [
        make_node(nodes.select_hours, "known_hours"),
        make_node(nodes.complete_hours, "complete_hours", "missing_hours", engine="params:engine"),
        make_node(nodes.average_steps, "weather_3h", engine="params:engine"),
        make_node(nodes.build_history, "weather_history", engine="params:engine"),
        make_node(nodes.add_known_nwp, "history"),
    ]
    return group_nodes("preprocessing", [*steps, create_exploration()], tags="preprocessing")
