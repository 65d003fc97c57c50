"""French film reviews: reading, preparation, classifiers and error analysis, without Kedro."""
