"""Slides built from results, executed notebooks and documents."""
