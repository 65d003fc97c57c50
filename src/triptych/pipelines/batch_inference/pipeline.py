"""batch_inference: the version in production and recent weather, to `predictions`."""

from kedro.pipeline import Node, Pipeline

from triptych.pipelines.batch_inference.nodes import (
    choose_models,
    forecast_locations,
    prepare_history,
)
from triptych.pipelines.batch_inference.status import list_incomplete, refuse_incomplete
from triptych.pipelines.namespaces import group_nodes


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    return group_nodes(
        "batch_inference",
        [
            Node(
                choose_models,
                inputs=[
                    "model_registry",
                    "locations",
                    "params:location",
                    "params:source",
                    "params:as_of",
                    "params:today",
                    "params:batch_inference",
                ],
                outputs={
                    "chosen_models": "chosen_models",
                    "unserved_locations": "unserved_locations",
                },
                name="choose_models",
            ),
            Node(
                prepare_history,
                inputs={
                    "hourly_rows": "hourly_rows",
                    "recent_rows": "recent_rows",
                    "nwp_rows": "nwp_rows",
                    "ingested_periods": "ingested_periods",
                    "model_periods": "model_periods",
                    "locations": "locations",
                    "chosen_models": "chosen_models",
                    "as_of": "params:as_of",
                    "today": "params:today",
                    "horizon_days": "params:horizon_days",
                    "preprocessing": "params:preprocessing",
                    "recent": "params:recent",
                    "nwp": "params:nwp",
                    "batch_inference": "params:batch_inference",
                    "engine": "params:engine",
                },
                outputs={
                    "recent_history": "recent_history",
                    "forecast_sources": "forecast_sources",
                },
                name="prepare_history",
            ),
            Node(
                forecast_locations,
                inputs=[
                    "recent_history",
                    "forecast_sources",
                    "chosen_models",
                    "unserved_locations",
                    "model_registry",
                    "params:as_of",
                    "params:today",
                    "params:horizon_days",
                    "params:batch_inference",
                    "params:engine",
                ],
                outputs={
                    "prediction_inputs": "prediction_inputs",
                    "predictions": "predictions",
                    "forecast_status": "forecast_status",
                },
                name="forecast_locations",
            ),
            Node(
                list_incomplete,
                inputs="forecast_status",
                outputs="forecast_warnings",
                name="list_incomplete",
            ),
            Node(
                refuse_incomplete,
                inputs=["forecast_warnings", "params:batch_inference"],
                outputs=None,
                name="refuse_incomplete",
            ),
        ],
        tags="batch_inference",
    )
