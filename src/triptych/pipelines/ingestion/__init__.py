"""From the source to the database: only what is missing."""

from triptych.pipelines.ingestion.pipeline import create_pipeline as create_pipeline
