"""A run made again from its record, and compared bit for bit."""
