"""Model versions: what was trained on what, where its files are, and how to get it back."""
