"""Explanatory variables, all known at issue time, and the climatology of each location."""
