"""ts_evaluation: every forecaster in one comparison, and the best of them registered."""

from triptych.pipelines.ts_evaluation.pipeline import create_pipeline as create_pipeline
