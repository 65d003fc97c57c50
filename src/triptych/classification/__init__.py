"""What judges any classifier, of reviews or of photos: pure functions, nothing of the project."""
