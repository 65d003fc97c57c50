"""Do the forecasts that were issued still hold?"""

from triptych.pipelines.monitoring.pipeline import create_pipeline as create_pipeline
