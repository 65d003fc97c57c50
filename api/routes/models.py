"""The trained models that there are."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from api.answers import Answer, make_answer
from api.dependencies import get_database
from api.documentation import describe_list
from api.kept import KeptRoute
from api.listings import FIRST_MODELS, MODEL_KEY, MODELS_BEHIND
from api.paging import DEFAULT_ROWS, Limit, ModelCursor
from api.problems import Complaint, ProblemError
from api.schemas import Model, Models

router = APIRouter(
    route_class=KeptRoute, tags=["what there is"], responses=describe_list(may_be_absent=True)
)


@router.get("/models", operation_id="list-models", response_model=Models)
def list_models(
    request: Request, limit: Limit = DEFAULT_ROWS, cursor: ModelCursor = None
) -> Answer:
    """List the models: those in production first, then the newest."""
    found = get_database(request).run(lambda c: _read(c, limit + 1, cursor))
    data, more = found[:limit], found[limit:]
    answer = Models(data=data, count=len(data))
    last = data[-1].model_id if more else None
    return make_answer(request, answer, last, f"{answer.count} models")


def _read(connection: Connection, rows: int, after: str | None) -> list[Model]:
    if after is None:
        found = connection.execute(FIRST_MODELS, {"rows": rows})
    else:
        key = connection.execute(MODEL_KEY, {"model_id": after}).one_or_none()
        if key is None:
            raise _refuse_model(after)
        found = connection.execute(MODELS_BEHIND, {**key._mapping, "rows": rows})
    return [Model.model_validate(row._mapping) for row in found]


def _refuse_model(model_id: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        "unknown-model",
        f"There is no model {model_id!r} to go on behind. Begin again without cursor.",
        [Complaint(parameter="cursor", found=model_id, allowed="what `next` says, or none")],
    )
