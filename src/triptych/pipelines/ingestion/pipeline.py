"""ingestion: the file of locations and the source, to `weather_hourly`."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.ingestion.nodes import fetch_weather, list_locations, plan_requests


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return Pipeline(
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
                    "weather_source",
                    "params:source",
                    "params:today",
                    "params:ingestion",
                ],
                outputs={
                    "rejected_rows": "rejected_rows",
                    "weather_hourly": "weather_hourly",
                    "validation_report": "validation_report",
                    "ingested_periods": "ingested_periods",
                },
                name="fetch_weather",
            ),
        ],
        tags="ingestion",
    )
