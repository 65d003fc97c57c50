"""From hours to 3-hour steps."""

from triptych.pipelines.preprocessing.pipeline import create_pipeline as create_pipeline
