"""The forecasters, one module each; `factory.make_forecaster` makes them by name."""
