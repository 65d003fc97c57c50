"""The problems that several places or the documentation need ready-made."""

from http import HTTPStatus

from api.problems import Complaint, ProblemError, refuse_parameters

MAX_HEADERS = 100
MAX_HEADER_BYTES = 16_384
# Holds the longest `item`, percent-encoded, or a cursor with an item of 16,000 bytes.
MAX_QUERY = 32_768
MAX_PARAMETERS = 30
AWAY = "The database does not answer. Try again later; the cause is in the log."
OTHER_SCHEMA = (
    "The database does not hold the tables of this version; the pipelines make them. "
    "Run them, then try again."
)


def refuse_key() -> ProblemError:
    """Make the 401 of a request without the key."""
    return ProblemError(
        HTTPStatus.UNAUTHORIZED,
        "api-key-needed",
        "This route needs the API key of this service in the header X-API-Key. "
        "Ask who runs the service for it.",
        [Complaint(parameter="X-API-Key", found=None, allowed="the key of this service")],
    )


def refuse_query(length: int) -> ProblemError:
    """Make the 422 of a query that nobody could mean."""
    found = f"{length} bytes"
    rule = f"at most {MAX_QUERY} bytes, {MAX_PARAMETERS} parameters; /docs lists the parameters"
    return refuse_parameters([Complaint(parameter="query", found=found, allowed=rule)])


def refuse_headers() -> ProblemError:
    """Make the 431 of headers that no client sends in earnest."""
    return ProblemError(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "headers-too-large",
        f"At most {MAX_HEADERS} headers of {MAX_HEADER_BYTES} bytes together are read. Send fewer.",
    )


def refuse_media(accept: str, allowed: str) -> ProblemError:
    """Make the 406 of a request that takes no form that there is."""
    return ProblemError(
        HTTPStatus.NOT_ACCEPTABLE,
        "not-acceptable",
        f"The answer comes as {allowed}, not as {accept!r}. Name one of them in Accept.",
        [Complaint(parameter="Accept", found=accept, allowed=allowed)],
    )


def report_unavailable(kind: str, detail: str) -> ProblemError:
    """Make the 503 of what cannot be answered now."""
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, kind, detail)


def report_unforeseen() -> ProblemError:
    """Make the 500 of an error in the program."""
    return ProblemError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "The request met an error that nobody foresaw; it is in the log under this request's id.",
    )


EXAMPLES = {
    example.status: example
    for example in (
        refuse_key(),
        refuse_media("image/png", "application/json or text/csv"),
        report_unavailable("database-unavailable", AWAY),
        refuse_parameters(
            [
                Complaint(
                    parameter="date",
                    found="14/07/2019",
                    allowed="a day of the calendar written YYYY-MM-DD, for example 2019-07-14",
                )
            ]
        ),
        ProblemError(
            HTTPStatus.NOT_FOUND,
            "unknown-location",
            "There is no location 'atlantis'. Known: brest, paris.",
            [Complaint(parameter="location", found="atlantis", allowed="one of: brest, paris")],
        ),
    )
}
