"""Routes that refuse a query parameter that they do not know, or that comes twice."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams

from api.problems import MAX_SHOWN, Complaint, refuse_parameters


class StrictRoute(APIRoute):
    """A route that ignores no query parameter: 422 for one that is unknown or repeated."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's handler in the check."""
        handle = super().get_route_handler()
        known = [field.alias for field in get_flat_params(self.dependant)]

        async def check_and_handle(request: Request) -> Response:
            _check(request.query_params, known)
            return await handle(request)

        return check_and_handle


def _check(given: QueryParams, known: list[str]) -> None:
    complaints = [
        Complaint(parameter=name, found=", ".join(given.getlist(name))[:MAX_SHOWN], allowed=rule)
        for name in given
        if (rule := _find_rule(name, given, known))
    ]
    if complaints:
        raise refuse_parameters(complaints)


def _find_rule(name: str, given: QueryParams, known: list[str]) -> str | None:
    if name not in known:
        return f"only {', '.join(known)}" if known else "no parameter"
    if len(given.getlist(name)) > 1:
        return "one value, not several"
    return None
