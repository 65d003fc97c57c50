"""Schemas of the responses; times are UTC, temperatures °C."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, computed_field

T = TypeVar("T")
_MODEL_ID = Field(description="SHA-256 of the fitted model", examples=["3f5c" * 16])
_Sources = Annotated[list[str], BeforeValidator(lambda text: text.split("; ") if text else [])]


class Schema(BaseModel):
    """Base of the schemas; validation ignores what else a row of the database has."""

    model_config = ConfigDict(
        frozen=True, protected_namespaces=(), json_schema_extra={"additionalProperties": False}
    )


class Page(Schema, Generic[T]):
    """A page of a list; `parents` names a field and the key that refers to it, for CSV."""

    parents: ClassVar[tuple[str, str] | None] = None
    count: int = Field(description="rows in data", examples=[8])
    next: str | None = Field(None, description="path and query of the next page; null: the last")
    data: list[T]


class Location(Schema):
    """A location."""

    location: str = Field(description="slug, as in the other routes", examples=["paris"])
    name: str = Field(examples=["Paris"])
    latitude: float = Field(description="° north", examples=[48.85])
    longitude: float = Field(description="° east", examples=[2.35])
    elevation: float = Field(description="m", examples=[35.0])
    timezone: str = Field(description="IANA name", examples=["Europe/Paris"])
    source: str = Field(description="source of the weather data", examples=["open_meteo"])


class ModelIdentity(Schema):
    """A model version and its stage."""

    model_id: str = _MODEL_ID
    name: str = Field(examples=["lightgbm"])
    version: int = Field(examples=[3])
    algorithm: str = Field(examples=["lightgbm"])
    stage: str = Field(description="candidate, staging, production or archived")


class ModelSummary(ModelIdentity):
    """The model of a forecast."""

    train_start: datetime = Field(description="start of the training period")
    train_end: datetime = Field(description="end of the training period, excluded")


class Model(ModelIdentity):
    """A trained model with its provenance."""

    kind: Literal["temperature", "images", "texts"]
    train_start: datetime | None = Field(description="start of training; temperature models only")
    train_end: datetime | None = Field(description="end of the training period, excluded")
    locations: list[str] = Field(description="locations of its forecasts", examples=[["paris"]])
    as_of: datetime = Field(description="data before this instant were used")
    parameters: dict[str, Any]
    features: list[str]
    metrics: dict[str, Any]
    mlflow_run_id: str
    model_uri: str
    data_sha256: str = Field(description="of the training data")
    git_commit: str
    approved_by: str | None
    approved_at: datetime | None
    created_at: datetime


class Step(Schema):
    """The forecast of one 3-hour mean."""

    location: str = Field(examples=["paris"])
    time: datetime = Field(description="start of the step")
    lead: int = Field(description="1 is the step that starts at issued_at", examples=[1])
    temperature_2m: float = Field(examples=[17.4])
    lower: float = Field(description="lower end of the interval", examples=[15.9])
    upper: float = Field(description="upper end of the interval", examples=[18.8])
    method: str = Field(description="model, or climatology where the data are too old for it")
    climatology: float | None = Field(description="mean of many years; null: not recorded")
    nwp_mean: float | None = Field(description="mean of the NWP models; null: unknown")


class Issue(Schema):
    """When and from which data a forecast was made."""

    issued_at: datetime = Field(description="as_of: nothing at or after it was known")
    known_until: datetime = Field(description="end of the observations used")
    sources: _Sources = Field(description="input data; empty: not recorded", examples=[["NWP (x)"]])
    created_at: datetime = Field(description="when the batch wrote it")

    @computed_field(description="hours from known_until to issued_at")  # type: ignore[prop-decorator]
    @property
    def data_age(self) -> int:
        """Hours from the end of the observations to the issue time."""
        return int((self.issued_at - self.known_until) // timedelta(hours=1))

    @computed_field(description="written a day or more after issued_at")  # type: ignore[prop-decorator]
    @property
    def hindcast(self) -> bool:
        """Whether the forecast was made afterwards, for days that had passed."""
        return self.created_at >= self.issued_at + timedelta(days=1)


class Forecast(Issue):
    """The forecast that the steps of a location belong to."""

    location: str = Field(examples=["paris"])
    level: float = Field(description="nominal coverage of the interval", examples=[0.9])
    model: ModelSummary


class Predictions(Page[Step]):
    """The forecast of a day: eight steps per location, and the forecasts they belong to."""

    parents = ("forecasts", "location")
    date: date
    timezone: str = Field(description="IANA name of the time zone of the days")
    unit: Literal["°C"] = "°C"
    expected: int = Field(description="steps on all pages, if every location had a forecast")
    forecasts: list[Forecast] = Field(description="one per location, in the order of data")


class ObservedStep(Issue, Step):
    """A forecast step with its observation."""

    known_until: datetime = Field(exclude=True)
    created_at: datetime = Field(exclude=True)
    model_id: str = _MODEL_ID
    observed: float | None = Field(description="null: not known yet", examples=[17.9])
    error: float | None = Field(description="prediction minus observed", examples=[-0.5])


class Scores(Schema):
    """Errors of the steps that have an observation; null if there are none."""

    count: int = Field(description="steps with an observation", examples=[248])
    mae: float | None = Field(description="mean absolute error, °C", examples=[1.31])
    rmse: float | None = Field(description="root mean square error, °C", examples=[1.68])
    bias: float | None = Field(description="mean error, °C", examples=[0.12])


class DataAgeScores(Scores):
    """Errors of the steps that one method forecast from data of one age."""

    data_age: int = Field(description="hours")
    method: str = Field(description="model or climatology")


class PeriodScores(Scores):
    """Errors of the steps in data, in total and by data age."""

    by_data_age: list[DataAgeScores] = Field(description="by data age and method")


class LeadScores(Scores, ModelSummary):
    """Errors of issued forecasts of one lead and data age, over a window of observed days."""

    location: str = Field(examples=["paris"])
    window: str = Field(description="days before window_end, or all", examples=["30d"])
    lead: str = Field(description="a lead; 1-8 today; 9-16 tomorrow; all", examples=["8"])
    data_age: int = Field(description="hours from the end of the data to the issue time")
    days: int = Field(description="days with an observed step", examples=[30])
    skill_day: float | None = Field(description="1 - rmse / rmse of the seasonal naive forecast")
    skill_climatology: float | None = Field(description="the same against climatology")
    skill_persistence: float | None = Field(description="the same against persistence")
    coverage: float = Field(description="share of observations in the interval", examples=[0.9])
    width: float = Field(description="mean width of the interval, °C", examples=[4.2])
    window_end: datetime = Field(description="end of the observations, excluded")


class ObservedPredictions(Page[ObservedStep]):
    """The day-ahead forecasts of a period with the observations."""

    parents = ("models", "model_id")
    start: date
    end: date = Field(description="last day, included")
    timezone: str = Field(description="IANA name of the time zone of the days")
    unit: Literal["°C"] = "°C"
    expected: int = Field(description="steps on all pages, if every location had a forecast")
    scores: PeriodScores
    models: list[ModelSummary] = Field(description="the models of the forecasts")


class ClassifierSummary(ModelIdentity):
    """The classifier of a prediction."""

    as_of: datetime = Field(description="time of training, in the time of the data")
    metrics: dict[str, Any] = Field(description="by split")


class Classification(Schema):
    """The predicted class of a photo or review."""

    item: str = Field(description="path of a photo or id of a review")
    model_id: str = _MODEL_ID
    split: str | None = Field(description="null: in no split", examples=["test"])
    label: str = Field(description="the most probable class", examples=["positive"])
    probabilities: dict[str, float | None] = Field(description="by class")
    true_label: str | None = Field(description="null: unknown", examples=["positive"])


class Accuracy(Schema):
    """Accuracy over the items in data whose true class is known."""

    count: int = Field(description="items whose true class is known", examples=[397])
    right: int = Field(description="correctly classified items", examples=[362])
    accuracy: float | None = Field(description="right / count; null if count is 0")


class Classifications(Page[Classification]):
    """The predictions of the production classifiers, by model and item."""

    parents = ("models", "model_id")
    scores: Accuracy
    models: list[ClassifierSummary] = Field(description="the production versions, by name")
