"""The former home of the MLflow model of classifiers: models that were logged then import it."""

from triptych.registry.pyfunc_model import ServedModel as ServedClassifier

__all__ = ["ServedClassifier"]
