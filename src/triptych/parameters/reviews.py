"""Parameters of the pipeline nlp."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from triptych.parameters.base import Count, Parameters
from triptych.parameters.known_names import check_settings

if TYPE_CHECKING:
    from triptych.nlp.lstm_config import LstmSettings
    from triptych.nlp.preprocessing import Preparation


class PreparationParameters(Parameters):
    """The preprocessing steps of review texts."""

    unicode: bool
    apostrophes: bool
    lower_case: bool
    elongated: bool
    emoticons: bool
    numbers: bool
    punctuation: bool
    negation: bool
    drop_stop_words: bool
    stop_words: list[str]

    @field_validator("stop_words")
    @classmethod
    def _keep_negations(cls, words: list[str]) -> list[str]:
        from triptych.nlp.tokens import negations_among

        found = negations_among(words)
        if found:
            raise ValueError(
                f"stop words must not hold negations: without {', '.join(found)} `pas bon` is `bon`"
            )
        return words

    def build(self) -> "Preparation":
        """The preprocessing that these switches describe."""
        from triptych.nlp.cleaning import CleaningRules
        from triptych.nlp.preprocessing import Preparation
        from triptych.nlp.tokens import TokenRules

        cleaning = CleaningRules(
            self.unicode, self.apostrophes, self.lower_case, self.elongated, self.emoticons,
            self.numbers,
        )  # fmt: skip
        left_out = tuple(self.stop_words) if self.drop_stop_words else ()
        return Preparation(cleaning, TokenRules(self.punctuation, self.negation, left_out))


class VectorParameters(Parameters):
    """Training of word vectors on the training reviews, and the size of their report."""

    dimension: Count
    window: Count
    epochs: Count
    min_df: Count
    shown_words: list[str]
    shown_neighbours: Count


class LstmParameters(Parameters):
    """The LSTM of the review study, and its ablation."""

    network: dict[str, Any]  # what differs from the defaults of LstmSettings
    changes: list[str]
    seeds: Count
    ensemble_size: Count
    n_splits: Annotated[int, Field(ge=2)]
    study_reviews: Count
    curve_repeats: Count

    @model_validator(mode="after")
    def _check_settings(self) -> Self:
        from triptych.nlp.errors import UnknownChoiceError
        from triptych.nlp.lstm_config import LstmSettings, change_settings

        check_settings(self.network, asdict(LstmSettings()), "network.")
        try:
            for change in self.changes:
                change_settings(self.build(), change)
        except UnknownChoiceError as error:
            raise ValueError(str(error)) from error
        return self

    def build(self) -> "LstmSettings":
        """The configuration of the network."""
        from triptych.nlp.lstm_config import make_settings

        return make_settings(self.network)


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
    models: Annotated[list[str], Field(min_length=1)]
    n_trials: Annotated[int, Field(ge=0)]
    n_splits: Annotated[int, Field(ge=2)]
    tuning_reviews: Count
    effects_model: str
    vectors: VectorParameters
    lstm: LstmParameters
    n_jobs: Count  # processes
    resamples: Count
    curve_sizes: list[Count]
    curve_repeats: Count
    length_edges: Annotated[list[Count], Field(min_length=1)]
    shown_mistakes: Count
    shown_terms: Count
    explained_mistakes: Count  # of each model that is explained
    explanation_samples: Count

    @field_validator("models", "effects_model")
    @classmethod
    def _check_models(cls, models: list[str] | str) -> list[str] | str:
        from triptych.nlp.config import list_candidates
        from triptych.nlp.errors import UnknownChoiceError

        try:  # now, not after minutes
            for family in [models] if isinstance(models, str) else models:
                list_candidates(family, n_trials=0, seed=0)
        except UnknownChoiceError as error:
            raise ValueError(str(error)) from error
        return models
