"""Film reviews: are they positive, and what makes a model err?"""

from triptych.pipelines.nlp.pipeline import create_pipeline as create_pipeline
