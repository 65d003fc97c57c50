"""The presentation: slides made of the results, the executed notebooks and the documents."""
