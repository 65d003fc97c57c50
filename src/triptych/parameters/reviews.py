"""Parameters of the pipeline nlp."""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from triptych.nlp.config import CHANGES, FAMILIES, LstmSettings
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.word_vectors import VectorSettings
from triptych.parameters.base import Count, Parameters


def _one_of(what: str, known: Collection[str]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"There is no {what} {name!r}; there are {', '.join(known)}")
        return name

    return AfterValidator(check)


Family = Annotated[str, _one_of("text classifier", FAMILIES)]
Change = Annotated[str, _one_of("change of the LSTM", CHANGES)]


class PreparationParameters(Preparation, Parameters):
    """The preparation steps of review texts."""


class VectorParameters(VectorSettings, Parameters):
    """Training of word vectors on the training reviews, and the size of their report."""

    shown_words: list[str]
    shown_neighbours: Count


class NetworkParameters(LstmSettings, Parameters):
    """The baseline network of the LSTM."""


class LstmParameters(Parameters):
    """The LSTM of the review study, and its ablation."""

    network: NetworkParameters
    changes: list[Change]
    seeds: Count
    ensemble_size: Count
    n_splits: Annotated[int, Field(ge=2)]
    study_reviews: Count
    curve_repeats: Count


class ReviewSample(Parameters):
    """Number of reviews of the sample, by split."""

    train: Count
    val: Count
    test: Count


class ReviewParameters(Parameters):
    """The study of film reviews."""

    source: Literal["sample", "folder"]
    sample_reviews: ReviewSample
    test_split: Literal["val", "test"]  # evaluated once, after model selection
    max_characters: Count
    max_rejected_share: Annotated[float, Field(ge=0, le=1)]
    preparation: PreparationParameters
    models: Annotated[list[Family], Field(min_length=1)]
    n_trials: Annotated[int, Field(ge=0)]
    n_splits: Annotated[int, Field(ge=2)]
    tuning_reviews: Count
    effects_model: Family
    vectors: VectorParameters
    lstm: LstmParameters
    n_jobs: Count  # processes
    resamples: Count
    curve_sizes: list[Count]
    curve_repeats: Count
    length_edges: Annotated[list[Count], Field(min_length=1)]
    shown_errors: Count
    shown_terms: Count
    explained_errors: Count  # of each model that is explained
    explanation_samples: Count
