"""preprocessing: `weather_hourly` to `weather_3h`, the history of forecasters, exploration."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.preprocessing.exploration import create_exploration
from triptych.pipelines.preprocessing.nodes import (
    add_known_nwp,
    average_steps,
    build_history,
    complete_hours,
    select_hours,
)


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    issue = ["params:as_of", "params:today"]
    settings = ["params:preprocessing", "params:engine"]
    nodes = [
        Node(
            select_hours,
            ["weather_hourly", "locations", "params:location", "params:source", *issue],
            "known_hours",
            name="select_hours",
        ),
        Node(
            complete_hours,
            ["known_hours", *settings],
            {"complete_hours": "complete_hours", "missing_hours": "missing_hours"},
            name="complete_hours",
        ),
        Node(
            average_steps, ["complete_hours", "params:engine"], "weather_3h", name="average_steps"
        ),
        Node(
            build_history,
            ["known_hours", "locations", *settings],
            "weather_history",
            name="build_history",
        ),
        Node(
            add_known_nwp,
            ["weather_history", "nwp_rows", "model_periods", "params:nwp", *issue],
            "history",
            name="add_known_nwp",
        ),
    ]
    return group_nodes("preprocessing", [*nodes, create_exploration()], tags="preprocessing")
