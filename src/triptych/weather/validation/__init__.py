"""Validation of hourly weather: expectations, schemas and the validation report."""
