"""What others have published on the full set of reviews: constants with their source.

Blard, "French sentiment analysis with BERT" (2020), tables and figure of the repository's page:
https://github.com/TheophileBlard/french-sentiment-analysis-with-bert. Accuracy in % on its 20,000
test reviews, which the recorded 397 are not: the curves show the order of size, no contest.
"""

from collections.abc import Mapping

# By the number of training reviews.
TFIDF_CURVE: Mapping[int, float] = {1_000: 85.6, 2_000: 87.0, 5_000: 89.9, 10_000: 91.2}
RNN_CURVE: Mapping[int, float] = {1_000: 60.0, 5_000: 82.0, 10_000: 85.0}

# Trained on all 160,000.
FULL_SET: Mapping[str, float] = {
    "TF-IDF, logistic regression": 94.38,
    "RNN": 94.58,
    "CNN": 94.10,
    "fastText": 92.90,
    "CamemBERT": 97.44,
}
