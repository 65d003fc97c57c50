"""Exploratory analysis: decomposition, spectrum, stationarity, outliers, missing values."""
