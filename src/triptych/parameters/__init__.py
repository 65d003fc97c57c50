"""The typed groups of parameters. Kedro builds them from YAML before the first node runs."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from triptych.parameters.known_names import know_names, know_settings

if TYPE_CHECKING:
    from triptych.nlp.lstm_config import LstmSettings
    from triptych.nlp.preprocessing import Preparation

Count = Annotated[int, Field(ge=1)]


def _drop_null(value: Any) -> Any:
    """Leave out what is null: environments are merged, so one cannot simply not name an entry."""
    if isinstance(value, dict):
        return {name: entry for name, entry in value.items() if entry is not None}
    return value


def _know_models(models: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    from triptych.forecasting.errors import ForecastingError
    from triptych.forecasting.models.factory import MODEL_NAMES, make_forecaster

    know_names(models, MODEL_NAMES)
    for name, own in models.items():
        know_settings(own, make_forecaster(name, {}, max_lead=8, seed=0).defaults, f"{name}.")
        try:
            make_forecaster(name, own, max_lead=8, seed=0)
        except ForecastingError as error:
            raise ValueError(str(error)) from error
    return models


WithoutNull = BeforeValidator(_drop_null)
# hyperparameters by model
Models = Annotated[dict[str, dict[str, Any]], WithoutNull, AfterValidator(_know_models)]


class Parameters(BaseModel):
    """A group of parameters: a misspelt name is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _know_names(cls, given: Any) -> Any:
        return know_names(given, cls.model_fields)


class ForecastParameters(Parameters):
    """The periods of a study. Null dates are derived from `as_of`."""

    train_start: date | None = None
    validation_start: date | None = None
    test_start: date | None = None
    test_end: date | None = None  # the last day of the test period
    train_years: Count
    validation_years: Count
    delay_days: Annotated[int, Field(ge=0)]


class EngineParameters(Parameters):
    """Where batches of locations are worked on, and how large they are."""

    kind: Literal["serial", "joblib", "dask"] = "serial"
    batch_locations: Count = 50
    workers: Count | None = None  # processes; null: one a core
    address: str | None = None  # of a Dask scheduler; null: a cluster of this run alone


class LimitParameters(Parameters):
    """Weighted calls that the source takes."""

    minute: Count
    hour: Count
    day: Count


class IngestionParameters(Parameters):
    """How the source is asked, and how much of an answer may be wrong."""

    locations_per_request: Count = 1
    limits: LimitParameters | None = None

    models: str  # the reanalysis of the archive, by Open-Meteo's name
    final_after_days: Count  # an hour that is missing so long after will not come any more
    refetch_from: date | None = None  # hours from then on are asked for again: corrections
    max_rejected_share: Annotated[float, Field(ge=0, le=1)]  # of the rows of one answer
    on_refused: Literal["warn", "fail"] = "warn"  # requests without a usable answer


class PreprocessingParameters(Parameters):
    """How gaps are treated."""

    interpolation_limit_hours: Count


class ExplorationParameters(Parameters):
    """What counts as remarkable in the exploration, and how much of it is drawn."""

    shown_locations: Count  # in a plot; tables have all
    anomaly_threshold: Annotated[float, Field(gt=0)]  # robust standard deviations
    significance: Annotated[float, Field(gt=0, lt=1)]  # of the stationarity tests


class TuningParameters(Parameters):
    """The budget of the search for hyperparameters."""

    trials: Annotated[int, Field(ge=0)]
    models: list[str]


class BatchParameters(Parameters):
    """What the batch job reads."""

    history_days: Count  # at least what the features look back on
    since: date | None = None  # forecasts of every midnight from here on are issued too
    on_missing: Literal["warn", "fail"] = "warn"  # a location without a forecast of its model


class RegistryParameters(Parameters):
    """What puts a version in production: by itself, and over the one that is there."""

    promote_first: bool  # the first version of a name, if it beats the baselines
    min_days: Annotated[int, Field(ge=2)] = 28  # that both versions forecast and that were observed
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.05  # of the paired test


class ModelParameters(Parameters):
    """The learned forecasters that a study compares, each with its hyperparameters."""

    learned: Models


class StatisticalParameters(Parameters):
    """The statistical forecasters of a study, and how many candidates of each are tried."""

    models: Models
    trials: Annotated[int, Field(ge=0)]


class MonitoringParameters(Parameters):
    """Over which days forecasts are judged, and what is worth a warning."""

    window_days: Annotated[list[Count | Literal["all"]], Field(min_length=1)]
    min_days: Count
    coverage_tolerance: Annotated[float, Field(ge=0, lt=1)]
    drift_days: Count
    drift_alpha: Annotated[float, Field(gt=0, lt=1)]
    drift_psi: Annotated[float, Field(ge=0)]
    strict: bool


class PreparationParameters(Parameters):
    """The steps between a review as it was typed and what is counted of it."""

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
        """Give the preparation that these switches describe."""
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
    """How word vectors are learned from the training reviews, and what is shown of them."""

    dimension: Count
    window: Count
    epochs: Count
    min_documents: Count
    shown_words: list[str]
    shown_neighbours: Count


class LstmParameters(Parameters):
    """The LSTM of the review study, the changes that are tried, and how often."""

    network: dict[str, Any]  # what differs from LstmSettings' own values
    changes: list[str]
    seeds: Count
    members: Count
    folds: Annotated[int, Field(ge=2)]
    study_reviews: Count
    curve_repeats: Count

    @model_validator(mode="after")
    def _know_settings(self) -> Self:
        from triptych.nlp.errors import UnknownChoiceError
        from triptych.nlp.lstm_config import LstmSettings, change_settings

        know_settings(self.network, asdict(LstmSettings()), "network.")
        try:
            for change in self.changes:
                change_settings(self.build(), change)
        except UnknownChoiceError as error:
            raise ValueError(str(error)) from error
        return self

    def build(self) -> "LstmSettings":
        """Give the network that these describe."""
        from triptych.nlp.lstm_config import make_settings

        return make_settings(self.network)


class ReviewSample(Parameters):
    """How many reviews the sample has, by split."""

    train: Count
    val: Count
    test: Count


class ReviewParameters(Parameters):
    """The study of film reviews."""

    source: Literal["sample", "folder"]
    sample_reviews: ReviewSample
    test_split: Literal["val", "test"]  # judged once, when everything is chosen
    max_characters: Count
    max_rejected_share: Annotated[float, Field(ge=0, le=1)]
    preparation: PreparationParameters
    models: Annotated[list[str], Field(min_length=1)]
    trials: Annotated[int, Field(ge=0)]
    folds: Annotated[int, Field(ge=2)]
    tuning_reviews: Count
    effects_model: str
    vectors: VectorParameters
    lstm: LstmParameters
    jobs: Count  # processes
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
    def _know_models(cls, models: list[str] | str) -> list[str] | str:
        from triptych.nlp.config import list_candidates
        from triptych.nlp.errors import UnknownChoiceError

        try:  # now, not after minutes
            for family in [models] if isinstance(models, str) else models:
                list_candidates(family, trials=0, seed=0)
        except UnknownChoiceError as error:
            raise ValueError(str(error)) from error
        return models
