"""Statistical forecasters: orders searched, validated, compared on the test period."""

from triptych.pipelines.ts_statistical.pipeline import create_pipeline as create_pipeline
