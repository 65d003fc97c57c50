"""Parameters of the pipeline nlp."""

from collections.abc import Collection
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, ModelWrapValidatorHandler, model_validator

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


def _increasing(edges: list[int]) -> list[int]:
    if sorted(set(edges)) != edges:
        raise ValueError("Each number must be larger than the one before")
    return edges


Dataset = Literal["reviews", "reviews_large"]
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
    ablation: bool
    changes: list[Change]
    seeds: Count
    ensemble_size: Count
    study_reviews: Count
    curve_repeats: Count


def _of_dataset(value: Any, dataset: Any) -> Any:
    """Replace every mapping of data sets by the value of this one."""
    if not isinstance(value, dict):
        return value
    if value and set(value) <= set(get_args(Dataset)):
        return value.get(dataset)
    return {name: _of_dataset(each, dataset) for name, each in value.items()}


class ReviewParameters(Parameters):
    """The study of film reviews.

    A value may be given by data set: `{reviews: 5, reviews_large: 3}`.
    """

    source: Literal["sample", "folder"]
    dataset: Dataset  # folder below TRIPTYCH_REAL_DATA
    sample_reviews: dict[Literal["train", "val", "test"], Count]
    test_split: Literal["val", "test"]  # evaluated after model selection
    max_characters: Count
    max_rejected_share: Annotated[float, Field(ge=0, le=1)]
    preparation: PreparationParameters
    models: Annotated[list[Family], Field(min_length=1)]
    characters: bool
    n_trials: Annotated[int, Field(ge=0)]
    n_splits: Annotated[int, Field(ge=2)]
    inner_splits: Annotated[int, Field(ge=2)]
    tuning_reviews: Count
    effects_model: Family
    effects_reviews: Count
    vectors: VectorParameters
    lstm: LstmParameters
    n_jobs: Count  # processes
    resamples: Count
    curve_sizes: list[Count]
    curve_repeats: Count
    length_edges: Annotated[list[Count], Field(min_length=1), AfterValidator(_increasing)]
    shown_errors: Count
    shown_terms: Count
    explained_errors: Count  # of each model that is explained
    explanation_samples: Count

    @model_validator(mode="wrap")
    @classmethod
    def _select(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Check the values of every data set, and return those of the selected one."""
        if not isinstance(given, dict) or given.get("dataset") not in get_args(Dataset):
            return handler(given)
        checked = {name: handler(_of_dataset(given, name)) for name in get_args(Dataset)}
        return checked[given["dataset"]]
