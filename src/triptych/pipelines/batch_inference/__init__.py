"""Forecasts for every location, written to the database."""

from triptych.pipelines.batch_inference.pipeline import create_pipeline as create_pipeline
