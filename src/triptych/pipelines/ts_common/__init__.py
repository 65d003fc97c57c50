"""What the ts_ pipelines share: periods, locations, fits and backtests of a study."""
