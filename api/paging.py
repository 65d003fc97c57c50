"""Lists a page at a time: a cursor is the key of the last row, so that no row is skipped."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple

from fastapi import Query, Request
from starlette.datastructures import URL

MAX_ROWS = 10_000
DEFAULT_ROWS = 1000
SLUG = "[a-z0-9][a-z0-9_-]{0,63}"
CURSOR_RULE = "where the answer before ended: take it from its `next`"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Limit = Annotated[
    int, Query(ge=1, le=MAX_ROWS, description="rows an answer, at most", examples=[1000])
]
LocationCursor = Annotated[
    str | None, Query(pattern=f"^{SLUG}$", description=CURSOR_RULE, examples=["brest"])
]
ModelCursor = Annotated[
    str | None, Query(pattern="^[0-9a-f]{64}$", description=CURSOR_RULE, examples=["3f5c" * 16])
]
StepCursor = Annotated[
    str | None,
    Query(
        pattern=rf"^{SLUG}\.-?[0-9]{{1,10}}$",
        description=CURSOR_RULE,
        examples=["brest.1563138000"],
    ),
]


ItemCursor = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9a-f]{64}\.(?:[0-9a-f]{2})+$",
        description=CURSOR_RULE,
        examples=["3f5c" * 16 + ".746573742d303031"],
    ),
]


class StepKey(NamedTuple):
    """What names a step among those of an answer."""

    location: str
    time: datetime

    def __str__(self) -> str:
        """Write the cursor."""
        return f"{self.location}.{(self.time - _EPOCH) // timedelta(seconds=1)}"


class ItemKey(NamedTuple):
    """What names an item of a model among those of an answer."""

    model_id: str
    item: str

    def __str__(self) -> str:
        """Write the cursor: an item may hold any character."""
        return f"{self.model_id}.{self.item.encode().hex()}"


_BEGINNING = StepKey("", _EPOCH)  # every slug is behind the empty one


class Page(NamedTuple):
    """What part of the steps is asked for: so many, behind a key."""

    limit: int
    after: StepKey

    @property
    def is_first(self) -> bool:
        """Tell whether no page comes before."""
        return self.after == _BEGINNING


def read_page(limit: int, cursor: str | None) -> Page:
    """Read what part is asked for; the cursor has the pattern of `StepCursor`."""
    if cursor is None:
        return Page(limit, _BEGINNING)
    location, seconds = cursor.rsplit(".", 1)
    return Page(limit, StepKey(location, _EPOCH + timedelta(seconds=int(seconds))))


def read_item_key(cursor: str | None) -> ItemKey | None:
    """Read behind which item to go on; the cursor has the pattern of `ItemCursor`."""
    if cursor is None:
        return None
    model_id, item = cursor.split(".")
    return ItemKey(model_id, bytes.fromhex(item).decode(errors="replace").replace("\0", ""))


def make_next(request: Request, cursor: object | None) -> str | None:
    """Make the path and query of the next page; None if there is none.

    Relative, so that a forged Host header leads nowhere.
    """
    if cursor is None:
        return None
    url = URL(scope=request.scope).include_query_params(cursor=str(cursor))
    return f"{url.path}?{url.query}"
