"""From the source to the database: only what is missing."""

from triptych.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
