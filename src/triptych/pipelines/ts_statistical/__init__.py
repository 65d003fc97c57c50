"""Statistical forecasters: orders searched, validated, compared with the baselines on the test
period.
"""

from triptych.pipelines.ts_statistical.pipeline import create_pipeline

__all__ = ["create_pipeline"]
