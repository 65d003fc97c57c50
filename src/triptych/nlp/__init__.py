"""French film reviews: checking, cleaning, classical classifiers and what they get wrong.

Pure functions and small classes: nothing of Kedro, SQL or MLflow, and nothing else of the project.
"""
