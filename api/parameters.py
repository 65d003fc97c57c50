"""The query parameters of the routes."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from api.problems import Complaint, refuse_parameters

MAX_DAYS = 366
TEXT_RULE = "text without control characters"
_TEXT = r"^[^\x00-\x1f\x7f]*$"
# No pattern of a slug: the answer to a name that is none says what there is.
_Slug = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_TEXT)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=_TEXT)]
# The name of a file may hold a line break. Percent-encoded, the longest is 30,000 bytes.
_ItemId = Annotated[str, StringConstraints(min_length=1, max_length=2500, pattern=r"^[^\x00]*$")]
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
    _Slug | None,
    Query(
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

ModelName = Annotated[
    _Name | None,
    Query(
        description="name of a model; every one in production if left out",
        examples=["texts-polarity"],
    ),
]
Label = Annotated[_Name | None, Query(description="what the model says", examples=["positive"])]
TrueLabel = Annotated[_Name | None, Query(description="what is true", examples=["negative"])]
Wrong = Annotated[
    Literal["true", "false"] | None,
    Query(
        description="true: only where the model errs; false: only where it is right; neither has "
        "the items whose truth is not known",
        examples=["true"],
    ),
]
Item = Annotated[
    _ItemId | None,
    Query(
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
