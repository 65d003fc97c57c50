"""Audit of the tracked runs: lineage, reproducibility, storage and latency."""
