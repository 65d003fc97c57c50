"""The query parameters of the routes."""

import re
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

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

Day = Annotated[_Date, Query(description="UTC day", examples=["2019-07-14"])]
Start = Annotated[_Date, Query(description="first UTC day", examples=["2019-07-01"])]
End = Annotated[
    _Date,
    Query(
        description=f"last UTC day, included; at most {MAX_DAYS} days from start",
        examples=["2019-07-31"],
    ),
]
Place = Annotated[
    str | None,
    Query(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$",
        description="slug of a location; every location if left out",
        examples=["paris"],
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
