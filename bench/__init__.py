"""Benchmarks of speed and memory; tests do not assert their results."""
