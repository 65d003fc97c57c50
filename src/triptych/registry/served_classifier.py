"""The former name of `pyfunc_classifier`: models that were logged under it still import it."""

from triptych.registry.pyfunc_classifier import ServedClassifier

__all__ = ["ServedClassifier"]
