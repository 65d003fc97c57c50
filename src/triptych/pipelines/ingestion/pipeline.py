"""ingestion: the file of locations and the source, to `weather_hourly` and the model tables."""

from kedro.pipeline import Pipeline

from triptych.pipelines.ingestion import model_nodes, nodes
from triptych.pipelines.ingestion.requests import plan_requests
from triptych.pipelines.namespaces import group_nodes, make_node


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    steps = [
        make_node(nodes.list_locations, "locations"),
        make_node(plan_requests, "weather_requests"),
        make_node(nodes.fetch_weather, *nodes.WEATHER_OUTPUTS),
        make_node(nodes.report_missing, "missing_weather"),
        make_node(model_nodes.fetch_models, *model_nodes.MODEL_OUTPUTS),
    ]
    return group_nodes("ingestion", steps, tags="ingestion")
