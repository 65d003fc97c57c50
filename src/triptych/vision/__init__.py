"""Field photos: checking, near-duplicates, networks beside a colour baseline, explanations.

Pure functions and small classes: nothing of Kedro, SQL or MLflow, and nothing else of the project
but what judges any classifier.
"""
