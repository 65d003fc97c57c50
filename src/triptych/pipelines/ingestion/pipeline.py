"""ingestion: the file of locations and the source, to `weather_hourly`."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.ingestion.model_nodes import MODEL_OUTPUTS, fetch_models
from triptych.pipelines.ingestion.nodes import fetch_weather, list_locations, report_missing
from triptych.pipelines.ingestion.requests import plan_requests
from triptych.pipelines.namespaces import group_nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return group_nodes(
        "ingestion",
        [
            Node(
                list_locations,
                inputs=["location_file", "params:location", "params:source"],
                outputs="locations",
                name="list_locations",
            ),
            Node(
                plan_requests,
                inputs={
                    "locations": "locations",
                    "known_periods": "known_periods",
                    "known_gaps": "known_gaps",
                    "location": "params:location",
                    "source": "params:source",
                    "as_of": "params:as_of",
                    "today": "params:today",
                    "forecast": "params:forecast",
                    "ingestion": "params:ingestion",
                },
                outputs="weather_requests",
                name="plan_requests",
            ),
            Node(
                fetch_weather,
                inputs=[
                    "weather_requests",
                    "locations",
                    "known_periods",
                    "known_gaps",
                    "weather_source",
                    "params:source",
                    "params:as_of",
                    "params:today",
                    "params:ingestion",
                ],
                outputs={
                    "rejected_rows": "rejected_rows",
                    "weather_hourly": "weather_hourly",
                    "validation_report": "validation_report",
                    "archive_warnings": "archive_warnings",
                    "incomplete_days": "incomplete_days",
                    "ingested_periods": "ingested_periods",
                },
                name="fetch_weather",
            ),
            Node(
                report_missing,
                inputs={
                    "incomplete_days": "incomplete_days",
                    "locations": "locations",
                    "location": "params:location",
                    "source": "params:source",
                    "as_of": "params:as_of",
                    "today": "params:today",
                    "forecast": "params:forecast",
                    "ingestion": "params:ingestion",
                },
                outputs="missing_weather",
                name="report_missing",
            ),
            Node(
                fetch_models,
                inputs=[
                    "locations",
                    "ingested_periods",
                    "incomplete_days",
                    "known_model_periods",
                    "weather_source",
                    "params:location",
                    "params:source",
                    "params:as_of",
                    "params:today",
                    "params:horizon_days",
                    "params:forecast",
                    "params:ingestion",
                    "params:recent",
                    "params:nwp",
                ],
                outputs={name: name for name in MODEL_OUTPUTS},
                name="fetch_models",
            ),
        ],
        tags="ingestion",
    )
