"""Rendered lists, as JSON or CSV by the Accept header, with ETag and link to the next page."""

import csv
import io
import json
import re
from hashlib import sha256
from typing import Any, get_args

from fastapi import Request, Response

from api.problems import MAX_SHOWN, InvalidParam, ProblemError, document_problems
from api.schemas import Page

JSON, CSV = "application/json", "text/csv"
GZIP_BYTES = 1000  # smaller bodies are not compressed
_TEXT = {"schema": {"type": "string"}, "example": "location,time,…\r\nparis,…\r\n"}
# The responses of a list in OpenAPI, other than its JSON.
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "rows, with Link and ETag", "content": {CSV: _TEXT}},
    304: {"description": "unchanged since the ETag in If-None-Match"},
    **document_problems(404, 406, 503),
}
_QUALITY = re.compile(r"\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?("[^"]*")')


class CachedResponse(Response):
    """A rendered response, sent any number of times; `summary` is logged each time."""

    def __init__(self, body: bytes, headers: dict[str, str], summary: str) -> None:
        super().__init__(body)
        self.own_headers, self.summary = headers, summary
        self.size = len(body) + 2000  # bytes of memory, approximately

    def to_client(self, if_none_match: str) -> Response:
        """Return a copy, or a 304 if the client has it (RFC 9110, section 13.1.2)."""
        headers = self.own_headers
        etag = headers["ETag"].removeprefix("W/")
        if if_none_match.strip() != "*" and etag not in _ETAG.findall(if_none_match):
            return Response(self.body, headers=headers)  # middleware changes its headers
        some = {name: headers[name] for name in headers if name != "Content-Type"}
        if len(self.body) >= GZIP_BYTES:  # as GZipMiddleware adds to the full response
            some["Vary"] += ", Accept-Encoding"
        return Response(status_code=304, headers=some)


def render(request: Request, page: Page[Any], cursor: Any, summary: str) -> CachedResponse:
    """Render a page as JSON or CSV, with the cursor of the next one, if there is one."""
    link = None
    if cursor is not None:  # relative, so that a forged Host header has no effect
        url = request.url.include_query_params(cursor=str(cursor))
        link = f"{url.path}?{url.query}"
    page = page.model_copy(update={"next": link})
    is_csv = choose_media(",".join(request.headers.getlist("accept"))) == CSV
    body = _to_csv(page) if is_csv else _to_json(page)
    headers = {
        # weak: it is the same with and without gzip
        "ETag": f'W/"{sha256(body + (link or "").encode()).hexdigest()[:32]}"',
        "Cache-Control": "private, no-cache" if request.app.state.settings.api_key else "no-cache",
        "Vary": "Accept",
        "Content-Type": f"{CSV}; charset=utf-8; header=present" if is_csv else JSON,
    }
    if link is not None:
        headers["Link"] = f'<{link}>; rel="next"'
    return CachedResponse(body, headers, summary)


def choose_media(accept: str) -> str:
    """Return the media type that an Accept header prefers (RFC 9110, section 12.5.1)."""
    if accept in {"", "*/*", JSON}:
        return JSON
    ranges = {}
    for part in accept.split(","):
        name, *parameters = part.split(";")
        found = [match[1] for each in parameters if (match := _QUALITY.fullmatch(each))]
        ranges[name.strip().lower()] = float(found[0]) if found else 1.0

    def quality(media: str) -> float:
        matching = (media, f"{media.split('/', maxsplit=1)[0]}/*", "*/*")  # most specific first
        return next((ranges[each] for each in matching if each in ranges), 0.0)

    best: str = max((JSON, CSV), key=quality)  # the first wins a tie
    if quality(best) > 0:
        return best
    error = InvalidParam(parameter="Accept", found=accept[:MAX_SHOWN], allowed=f"{JSON} or {CSV}")
    detail = f"The response is available as {error.allowed}, not as {error.found!r}."
    raise ProblemError(406, "not-acceptable", detail, error)


def _to_json(page: Page[Any]) -> bytes:
    """Render row by row: one call for all rows would block all other threads."""
    envelope = page.model_copy(update={"data": []}).model_dump_json()
    rows = ",".join(row.model_dump_json() for row in page.data)
    return envelope.replace('"data":[]', f'"data":[{rows}]', 1).encode()


def _to_csv(page: Page[Any]) -> bytes:
    """Write the rows (RFC 4180), each with the columns of its forecast or model; null is empty."""
    field, key = page.parents or ("", "")
    parents = {getattr(each, key): _flatten(each) for each in getattr(page, field, ())}
    rows = [row.model_dump(mode="json") for row in page.data]
    rows = [row | parents.get(row.get(key), {}) for row in rows]
    (schema,) = get_args(type(page).model_fields["data"].annotation)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0] if rows else schema.model_fields)
    writer.writeheader()
    for row in rows:
        nested = {name: value for name, value in row.items() if isinstance(value, dict | list)}
        cells = {name: json.dumps(nested[name], ensure_ascii=False) for name in nested}
        writer.writerow(row | cells)
    return text.getvalue().encode()


def _flatten(parent: Any) -> dict[str, Any]:
    """Return the columns of a model, prefixed by `model_`; of a forecast, also its own."""
    model: dict[str, Any] = parent.model_dump(mode="json")
    own = model if "model" in model else {}
    model = own.pop("model", model)
    return own | {name if name == "model_id" else f"model_{name}": model[name] for name in model}
