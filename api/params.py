"""Query parameters of the routes; unknown ones are rejected."""

import re
from contextlib import suppress
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

MAX_DAYS = 366
SLUG = "[a-z0-9][a-z0-9_-]{0,63}"
CURSOR_RULE = "where the previous page ended: take it from its `next`"
_TEXT = r"^[^\x00-\x1f\x7f]*$"
_TZ = "time zone of the days; local: that of the location, which is then required"
_WRONG = "only misclassified items (true), or only correctly classified ones (false)"
_STAGE, _SCORE = "scores of production models, or of all", "3f5c" * 16 + ".30d.6.8"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _parse_date(value: Any) -> date:
    """Accept only YYYY-MM-DD: Pydantic alone would also accept a Unix timestamp."""
    with suppress(ValueError):
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    raise PydanticCustomError("date", "a calendar day, YYYY-MM-DD, for example 2019-07-14")


Day = Annotated[date, BeforeValidator(_parse_date)]
# Not the pattern of a slug: the error for an unknown location suggests a known one.
Slug = Annotated[str, Field(min_length=1, max_length=64, pattern=_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=300, pattern=_TEXT)]
# A file name may hold a line break. Percent-encoded, the longest takes 30,000 bytes.
Item = Annotated[str, Field(min_length=1, max_length=2500, pattern=r"^[^\x00]*$")]


def _cursor(pattern: str, example: str) -> Any:
    return Field(None, pattern=pattern, description=CURSOR_RULE, examples=[example])


class ListParams(BaseModel):
    """Parameters of every list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(1000, ge=1, le=10_000, description="maximum rows", examples=[1000])


class LocationParams(ListParams):
    """Parameters of `/locations`."""

    search: Slug | None = Field(None, description="part of a name or slug", examples=["par"])
    cursor: str | None = _cursor(f"^{SLUG}$", "brest")


class ModelParams(ListParams):
    """Parameters of `/models`."""

    cursor: str | None = _cursor("^[0-9a-f]{64}$", "3f5c" * 16)


class ScoreParams(ListParams):
    """Parameters of `/scores`."""

    location: Slug = Field(description="slug", examples=["paris"])
    models: Literal["production", "all"] = Field("production", description=_STAGE, examples=["all"])
    cursor: str | None = _cursor(r"^[0-9a-f]{64}\.[0-9a-z]+\.[0-9]{1,6}\.[0-9a-z-]+$", _SCORE)


class ForecastParams(ListParams):
    """Parameters that both prediction routes share."""

    location: Slug | None = Field(None, description="slug; all by default", examples=["paris"])
    tz: Literal["utc", "local"] = Field("utc", description=_TZ, examples=["utc"])
    cursor: str | None = _cursor(rf"^{SLUG}\.-?[0-9]{{1,10}}$", "brest.1563138000")

    @field_validator("tz")
    @classmethod
    def _require_location(cls, value: str, info: ValidationInfo) -> str:
        if value == "local" and info.data.get("location", "") is None:
            raise PydanticCustomError("tz", "utc, or local together with a location")
        return value


class DayParams(ForecastParams):
    """Parameters of `/predictions`."""

    date: Day = Field(description="day, in the time zone of tz", examples=["2019-07-14"])


class PeriodParams(ForecastParams):
    """Parameters of `/predictions/observed`."""

    start: Day = Field(description="first day, in the time zone of tz", examples=["2019-07-01"])
    end: Day = Field(description=f"last day; at most {MAX_DAYS} days", examples=["2019-07-31"])

    @field_validator("end")
    @classmethod
    def _limit_period(cls, end: date, info: ValidationInfo) -> date:
        start = info.data.get("start", end)
        days = (end - start).days + 1
        if days < 1:
            raise PydanticCustomError("period", f"{start} (start) or later")
        if days > MAX_DAYS:
            rule = f"at most {MAX_DAYS} days a request; these are {days} from {start}"
            raise PydanticCustomError("period", rule)
        return end


class ClassificationParams(ListParams):
    """Parameters of `/images/predictions` and `/texts/predictions`."""

    model: Name | None = Field(None, description="name of a model", examples=["texts-polarity"])
    label: Name | None = Field(None, description="predicted class", examples=["positive"])
    true_label: Name | None = Field(None, description="true class", examples=["negative"])
    wrong: Literal["true", "false"] | None = Field(None, description=_WRONG, examples=["true"])
    item: Item | None = Field(None, description="photo path or review id", examples=["test-1"])
    cursor: str | None = _cursor(r"^[0-9a-f]{64}\.(?:[0-9a-f]{2})+$", "3f5c" * 16 + ".746573742d31")
