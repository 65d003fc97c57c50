"""What the API answers; times are UTC, temperatures °C."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_MODEL_ID = "3f5c" * 16
_DAY = datetime.fromisoformat("2019-07-14T00:00:00+00:00")
_TRAINED_UNTIL = datetime.fromisoformat("2019-01-01T00:00:00+00:00")


class Answer(BaseModel):
    """Base of what is answered: nothing but the documented fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Version(Answer):
    """The version of the software."""

    version: str = Field(
        description="0.0.0 locally, the commit id where CI built the image", examples=["0.0.0"]
    )


class Health(Answer):
    """The state of the service."""

    status: Literal["ok"] = "ok"


class Location(Answer):
    """A place that the tables know."""

    location: str = Field(description="slug, as in the other routes", examples=["paris"])
    name: str = Field(examples=["Paris"])
    latitude: float = Field(description="° north", examples=[48.85])
    longitude: float = Field(description="° east", examples=[2.35])
    elevation: float = Field(description="m", examples=[35.0])
    timezone: str = Field(description="IANA name", examples=["Europe/Paris"])
    source: str = Field(description="where its weather comes from", examples=["open_meteo"])


_Next = Annotated[
    str | None,
    Field(description="path and query of the next page; null: this is the last", examples=[None]),
]
_Zone = Annotated[
    str, Field(description="IANA name of the zone whose days are meant", examples=["UTC"])
]


class Locations(Answer):
    """The locations, by slug."""

    data: list[Location]
    count: int = Field(description="locations in data", examples=[1])
    next: _Next = None


class ModelIdentity(Answer):
    """What tells a model version from the others, and where it is in its life."""

    model_id: str = Field(description="SHA-256 of the fitted model", examples=[_MODEL_ID])
    name: str = Field(examples=["lightgbm"])
    version: int = Field(examples=[3])
    algorithm: str = Field(examples=["lightgbm"])
    stage: str = Field(
        description="candidate, staging, production or archived", examples=["production"]
    )


class ModelSummary(ModelIdentity):
    """The model behind a forecast."""

    train_start: datetime = Field(description="first instant of training")
    train_end: datetime = Field(
        description="end of training: nothing at or after it was seen", examples=[_TRAINED_UNTIL]
    )


class Model(ModelIdentity):
    """A trained model, with all that is known of its making."""

    kind: Literal["temperature", "images", "texts"] = Field(examples=["temperature"])
    train_start: datetime | None = Field(
        description="first instant of training; null for images and texts"
    )
    train_end: datetime | None = Field(
        description="end of training: nothing at or after it was seen", examples=[_TRAINED_UNTIL]
    )
    locations: list[str] = Field(
        description="that it forecasts; none for images and texts", examples=[["paris"]]
    )
    as_of: datetime = Field(description="what was known at this instant was used")
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


class Models(Answer):
    """The models: production first, then the newest."""

    data: list[Model]
    count: int = Field(description="models in data", examples=[1])
    next: _Next = None


class Step(Answer):
    """The forecast of one 3-hour mean."""

    location: str = Field(examples=["paris"])
    time: datetime = Field(description="start of the step", examples=[_DAY])
    lead: int = Field(description="1 is the step that starts when issued", examples=[1])
    temperature_2m: float = Field(examples=[17.4])
    lower: float = Field(description="lower end of the interval", examples=[15.9])
    upper: float = Field(description="upper end of the interval", examples=[18.8])
    method: str = Field(
        description="model, or climatology: the model cannot reach this step from its data",
        examples=["model"],
    )


class Forecast(Answer):
    """Where the steps of one location come from."""

    location: str = Field(examples=["paris"])
    issued_at: datetime = Field(
        description="as_of: nothing at or after it was known", examples=[_DAY]
    )
    known_until: datetime = Field(
        description="end of the observations that it stands on", examples=[_DAY]
    )
    data_age: int = Field(description="hours from known_until to issued_at", examples=[0])
    created_at: datetime = Field(description="when the batch wrote it")
    level: float = Field(description="nominal coverage of the interval", examples=[0.9])
    model: ModelSummary


class Predictions(Answer):
    """The forecast of a day: eight steps a location, and where they come from."""

    date: date
    timezone: _Zone = "UTC"
    unit: Literal["°C"] = "°C"
    data: list[Step]
    count: int = Field(description="steps in data", examples=[8])
    expected: int = Field(
        description="steps of the day, on all pages; fewer: no forecast", examples=[8]
    )
    forecasts: list[Forecast] = Field(description="one a location, in the order of data")
    next: _Next = None


class ObservedStep(Step):
    """A forecast step beside what was observed."""

    issued_at: datetime = Field(
        description="as_of: nothing at or after it was known", examples=[_DAY]
    )
    data_age: int = Field(
        description="hours from the end of the observations used to issued_at", examples=[0]
    )
    model_id: str = Field(description="one of models", examples=[_MODEL_ID])
    observed: float | None = Field(description="null: not known yet", examples=[17.9])
    error: float | None = Field(description="prediction minus observed", examples=[-0.5])


class DataAgeScores(Answer):
    """Errors of the steps that were forecast from data of one age, by one method."""

    data_age: int = Field(description="hours", examples=[0])
    method: str = Field(description="model or climatology", examples=["model"])
    count: int = Field(description="steps with an observation", examples=[248])
    mae: float = Field(description="mean absolute error, °C", examples=[1.31])
    rmse: float = Field(description="root mean square error, °C", examples=[1.68])
    bias: float = Field(description="mean error, °C", examples=[0.12])


class Scores(Answer):
    """Errors of the steps in data that have an observation; null without any."""

    count: int = Field(description="steps with an observation", examples=[248])
    mae: float | None = Field(description="mean absolute error, °C", examples=[1.31])
    rmse: float | None = Field(description="root mean square error, °C", examples=[1.68])
    bias: float | None = Field(description="mean error, °C", examples=[0.12])
    by_data_age: list[DataAgeScores] = Field(
        description="the same, not mixing forecasts from fresh and from old data"
    )


class ObservedPredictions(Answer):
    """The day-ahead forecasts of a period beside the observations."""

    start: date
    end: date = Field(description="the last day, included")
    timezone: _Zone = "UTC"
    unit: Literal["°C"] = "°C"
    data: list[ObservedStep]
    count: int = Field(description="steps in data", examples=[248])
    expected: int = Field(
        description="steps of the whole period, on all pages; fewer: no forecast", examples=[248]
    )
    scores: Scores
    models: list[ModelSummary] = Field(description="the models behind the forecasts")
    next: _Next = None


class ClassifierSummary(ModelIdentity):
    """The classifier behind what is said."""

    as_of: datetime = Field(description="when it was trained, in the data's time")
    metrics: dict[str, Any] = Field(
        description="by split", examples=[{"test": {"accuracy": 0.913, "n": 397}}]
    )


class LabelledItem(Answer):
    """What a classifier says of one item."""

    item: str = Field(
        description="a photo's path in its folder, or a review's id", examples=["test-000017"]
    )
    model_id: str = Field(description="one of models", examples=[_MODEL_ID])
    split: str | None = Field(
        description="part of the data that it belongs to; null: none", examples=["test"]
    )
    label: str = Field(description="the most probable class", examples=["positive"])
    probabilities: dict[str, float | None] = Field(
        description="by class", examples=[{"negative": 0.08, "positive": 0.92}]
    )
    true_label: str | None = Field(description="null: not known", examples=["positive"])


class LabelScores(Answer):
    """How many of the items in data are right, of those whose truth is known."""

    count: int = Field(description="items whose truth is known", examples=[397])
    right: int = Field(examples=[362])
    accuracy: float | None = Field(description="right / count; null without any", examples=[0.912])


class LabelledItems(Answer):
    """What the classifiers in production say, by model and item."""

    data: list[LabelledItem]
    count: int = Field(description="items in data", examples=[397])
    scores: LabelScores
    models: list[ClassifierSummary] = Field(description="the versions that answer, by name")
    next: _Next = None
