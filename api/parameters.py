"""The query parameters of the routes."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from api.paging import SLUG
from api.problems import Complaint, refuse_parameters

MAX_DAYS = 366
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_RULE = "a day of the calendar written YYYY-MM-DD, for example 2019-07-14"


def _read_date(value: Any) -> date:
    """Take nothing but YYYY-MM-DD: Pydantic alone would also take a Unix timestamp."""
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("date", _DATE_RULE)


_Date = Annotated[date, BeforeValidator(_read_date)]

Day = Annotated[_Date, Query(description="day, in the zone of tz", examples=["2019-07-14"])]
Start = Annotated[_Date, Query(description="first day, in the zone of tz", examples=["2019-07-01"])]
End = Annotated[
    _Date,
    Query(
        description=f"last day, included; at most {MAX_DAYS} days from start",
        examples=["2019-07-31"],
    ),
]
Place = Annotated[
    str | None,
    Query(
        pattern=f"^{SLUG}$",
        description="slug of a location; every location if left out",
        examples=["paris"],
    ),
]
Zone = Annotated[
    Literal["utc", "local"],
    Query(
        description="whose days: UTC's, or those of the location's own zone, which then is needed",
        examples=["utc"],
    ),
]

_TEXT = r"^[^\x00-\x1f\x7f]{1,300}$"
ModelName = Annotated[
    str | None,
    Query(
        pattern=_TEXT,
        description="name of a model; every one in production if left out",
        examples=["texts-polarity"],
    ),
]
Label = Annotated[
    str | None, Query(pattern=_TEXT, description="what the model says", examples=["positive"])
]
TrueLabel = Annotated[
    str | None, Query(pattern=_TEXT, description="what is true", examples=["negative"])
]
Wrong = Annotated[
    Literal["true", "false"] | None,
    Query(
        description="true: only where the model errs; false: only where it is right; neither has "
        "the items whose truth is not known",
        examples=["true"],
    ),
]
Item = Annotated[
    str | None,
    Query(
        pattern=_TEXT,
        description="one item: a photo's path, or a review's id",
        examples=["test-000017"],
    ),
]


def check_period(start: date, end: date) -> None:
    """Refuse a period that ends before it starts, or is too long.

    Raises:
        ProblemError: 422.
    """
    days = (end - start).days + 1
    if days < 1:
        rule = f"{start} (start) or later"
    elif days > MAX_DAYS:
        rule = f"at most {MAX_DAYS} days a request; these are {days} from {start}"
    else:
        return
    raise refuse_parameters([Complaint(parameter="end", found=str(end), allowed=rule)])
