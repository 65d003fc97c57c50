"""The pipeline vision: classes of field photos."""

from triptych.pipelines.vision.pipeline import create_pipeline

__all__ = ["create_pipeline"]
