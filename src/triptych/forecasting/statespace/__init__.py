"""ARMA processes: state-space form, likelihood and estimation."""
