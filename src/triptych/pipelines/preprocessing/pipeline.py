"""preprocessing: `weather_hourly` to `weather_3h`, the forecasters' history, its looks."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.namespaces import group_nodes
from triptych.pipelines.preprocessing.exploration_nodes import exploration_nodes
from triptych.pipelines.preprocessing.nodes import (
    add_known_nwp,
    average_steps,
    build_history,
    complete_hours,
    select_hours,
)


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return group_nodes(
        "preprocessing",
        [
            Node(
                select_hours,
                inputs=[
                    "weather_hourly",
                    "locations",
                    "params:location",
                    "params:source",
                    "params:as_of",
                    "params:today",
                ],
                outputs="known_hours",
                name="select_hours",
            ),
            Node(
                complete_hours,
                inputs=["known_hours", "params:preprocessing", "params:engine"],
                outputs={"complete_hours": "complete_hours", "missing_hours": "missing_hours"},
                name="complete_hours",
            ),
            Node(
                average_steps,
                inputs=["complete_hours", "params:engine"],
                outputs="weather_3h",
                name="average_steps",
            ),
            Node(
                build_history,
                inputs=["known_hours", "locations", "params:preprocessing", "params:engine"],
                outputs="weather_history",
                name="build_history",
            ),
            Node(
                add_known_nwp,
                inputs=[
                    "weather_history",
                    "nwp_rows",
                    "model_periods",
                    "params:nwp",
                    "params:as_of",
                    "params:today",
                ],
                outputs="history",
                name="add_known_nwp",
            ),
            group_nodes("exploration", exploration_nodes()),
        ],
        tags="preprocessing",
    )
