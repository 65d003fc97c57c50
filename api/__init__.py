"""The HTTP API: reads the tables and nothing else, so that its image holds no pipeline."""
