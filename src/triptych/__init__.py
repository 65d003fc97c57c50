"""Triptych: temperature of cities, field photos and film reviews in one Kedro project."""
