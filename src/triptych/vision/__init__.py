"""Field photos: validation, near-duplicates, networks and colour baselines, LIME explanations."""
