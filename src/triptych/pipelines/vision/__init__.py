"""The pipeline vision: classes of field photos."""

from triptych.pipelines.vision.pipeline import create_pipeline as create_pipeline
