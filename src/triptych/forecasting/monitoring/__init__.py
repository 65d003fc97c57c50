"""Verification of issued forecasts, alerts and input drift."""
