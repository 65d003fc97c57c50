"""Read-only HTTP API over the tables; it imports nothing of the pipelines."""
