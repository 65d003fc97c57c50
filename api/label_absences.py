"""Answers for classifiers and items that are not there: they say what there is."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select, union

from api.problems import Complaint, ProblemError, suggest
from triptych.store.tables import models

_NAMED = 20  # names in a message
_NAMES = (
    select(models.c.name)
    .where(models.c.kind == bindparam("kind"))
    .distinct()
    .order_by(models.c.name)
)


def refuse_classifier(connection: Connection, kind: str, model: str | None) -> ProblemError:
    """Say that no version of a model is in production, or that there is no such model."""
    names = list(connection.scalars(_NAMES, {"kind": kind}))
    known = ", ".join(names[:_NAMED]) or "none yet; run the pipelines first"
    if model is not None and model not in names:
        detail = f"There is no model {model!r}.{suggest(model, names)}"
        return _refuse("unknown-model", "model", model, detail, known)
    which = f"Of {model}, no" if model is not None else "No"
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        "no-prediction",
        f"{which} version for {kind} is in production. Known models: {known}; a version is put "
        "there by `kedro model promote`.",
    )


def check_there_is(
    connection: Connection, table: Table, model_ids: Sequence[str], asked: Mapping[str, Any]
) -> None:
    """Pass if nothing was found because nothing is so, not because a name is mistaken.

    Raises:
        ProblemError: 404, nothing is stored of the models, or not the label or item asked for.
    """
    of_models = table.c.model_id.in_(model_ids)
    said, true = (select(table.c[name]).where(of_models) for name in ("label", "true_label"))
    labels = sorted(filter(None, connection.scalars(union(said, true))))
    if not labels:
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "no-prediction",
            "Nothing is stored of what the version in production says. Run its pipeline again.",
        )
    for name in ("label", "true_label"):
        found = asked[name]
        if found is not None and found not in labels:
            detail = f"No item has the {name} {found!r}.{suggest(found, labels)}"
            raise _refuse("unknown-label", name, found, detail, ", ".join(labels[:_NAMED]))
    item = asked["item"]
    one = select(table.c.item).where(of_models, table.c.item == item)
    if item is not None and connection.scalar(one) is None:
        detail = f"There is no item {item!r}."
        raise _refuse("unknown-item", "item", item, detail, "the items of this list")


def _refuse(kind: str, parameter: str, found: str, detail: str, known: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        kind,
        f"{detail} Known: {known}.",
        [Complaint(parameter=parameter, found=found, allowed=f"one of: {known}")],
    )
