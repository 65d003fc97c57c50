"""Learned forecasters: tuned, validated, compared on the test period, tracked."""

from triptych.pipelines.ts_ml.pipeline import create_pipeline as create_pipeline
