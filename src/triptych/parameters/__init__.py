"""Typed groups of parameters, by pipeline. Kedro builds them from YAML before the first node."""
