"""Forecasters of the 3-hour temperature and their evaluation, independent of the pipelines."""
