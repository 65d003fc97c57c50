"""Retrain a tracked run from its manifest and compare every metric."""
