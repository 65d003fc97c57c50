"""Field photos: what is in them, where to spray, and what a network goes by."""

from triptych.pipelines.vision.pipeline import create_pipeline

__all__ = ["create_pipeline"]
