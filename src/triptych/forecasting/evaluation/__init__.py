"""Backtests, error metrics, paired tests, residual analysis and the search for parameters."""
