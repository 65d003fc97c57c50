"""Forecasters of the 3-hour temperature, and what judges them: numpy and pandas, nothing of the
project.
"""
