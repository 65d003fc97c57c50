"""batch_inference: the version in production and recent weather, to `predictions`."""

from kedro.pipeline import Pipeline

from triptych.pipelines.batch_inference import history, nodes
from triptych.pipelines.namespaces import group_nodes, make_node


def create_pipeline(**_: object) -> Pipeline:
    """Build the pipeline."""
    steps = [
        make_node(nodes.choose_models, "chosen_models", "unserved_locations"),
        make_node(history.prepare_history, "recent_history", "forecast_sources"),
        make_node(nodes.forecast_locations, "prediction_inputs", "predictions", "forecast_status"),
        make_node(nodes.list_incomplete, "forecast_warnings"),
        make_node(nodes.refuse_incomplete),
    ]
    return group_nodes("batch_inference", steps, tags="batch_inference")
