"""The pipelines of the project. `kedro run` alone is the main job: temperature, end to end."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

MAIN_JOB = (
    "ingestion",
    "preprocessing",
    "ts_statistical",
    "ts_ml",
    "ts_evaluation",
    "batch_inference",
    "monitoring",
)
PIPELINES = (*MAIN_JOB, "vision", "nlp")  # ts_common is shared code, no pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Find the pipeline folders (Kedro may ask for some only); the default joins the main job's."""
    pipelines: dict[str, Pipeline] = find_pipelines(
        raise_errors=True, pipelines_to_find=list(PIPELINES)
    )
    main_job = (pipelines[name] for name in MAIN_JOB if name in pipelines)
    pipelines["__default__"] = sum(main_job, start=Pipeline([]))
    return pipelines
