"""ingestion: the file of locations and the source, to `weather_hourly` and the model tables."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.ingestion.model_nodes import MODEL_OUTPUTS, fetch_models
from triptych.pipelines.ingestion.nodes import (
    WEATHER_OUTPUTS,
    fetch_weather,
    list_locations,
    report_missing,
)
from triptych.pipelines.ingestion.requests import plan_requests
from triptych.pipelines.namespaces import group_nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    issue, settings = ["params:as_of", "params:today"], ["params:forecast", "params:ingestion"]
    selected, known = ["params:location", "params:source"], ["known_periods", "known_gaps"]
    nodes = [
        Node(list_locations, ["location_file", *selected], "locations", name="list_locations"),
        Node(
            plan_requests,
            ["locations", *known, *selected, *issue, *settings],
            "weather_requests",
            name="plan_requests",
        ),
        Node(
            fetch_weather,
            ["weather_requests", "locations", *known, "weather_source", "params:source", *issue,
             "params:ingestion"],
            {name: name for name in WEATHER_OUTPUTS},
            name="fetch_weather",
        ),
        Node(
            report_missing,
            ["incomplete_days", "locations", *selected, *issue, *settings],
            "missing_weather",
            name="report_missing",
        ),
        Node(
            fetch_models,
            ["locations", "ingested_periods", "incomplete_days", "known_model_periods",
             "weather_source", *selected, *issue, "params:horizon_days", *settings,
             "params:recent", "params:nwp"],
            {name: name for name in MODEL_OUTPUTS},
            name="fetch_models",
        ),
    ]  # fmt: skip
    return group_nodes("ingestion", nodes, tags="ingestion")
