"""Statistical forecasters: orders searched, validated, compared on the test period."""

from triptych.pipelines.ts_statistical.pipeline import create_pipeline

__all__ = ["create_pipeline"]
