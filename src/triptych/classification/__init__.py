"""Evaluation that photo and review classifiers share: pure functions."""
