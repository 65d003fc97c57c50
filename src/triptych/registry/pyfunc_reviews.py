"""The MLflow model of reviews: code and files, no pickle. MLflow runs this file itself."""

import mlflow

from triptych.registry.pyfunc_classifier import ServedClassifier

mlflow.models.set_model(ServedClassifier("texts"))
