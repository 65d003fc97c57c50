"""What the classifiers in production say of items, from the rows to the answer."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, bindparam, or_, select

from api.label_absences import check_there_is, refuse_classifier
from api.pages import take_rows
from api.paging import ItemKey
from api.schemas import ClassifierSummary, LabelledItem, LabelledItems, LabelScores
from triptych.store.tables import image_predictions, models, text_predictions

Kind = Literal["images", "texts"]
TABLES: dict[Kind, Table] = {"images": image_predictions, "texts": text_predictions}
_COLUMNS = ("item", "model_id", "split", "label", "probabilities", "true_label")
_MODELS = (
    select(*(models.c[name] for name in ClassifierSummary.model_fields))
    .where(models.c.kind == bindparam("kind"), models.c.stage == "production")
    .order_by(models.c.name)
)


class AskedLabels(NamedTuple):
    """What is asked for; None is anything."""

    kind: Kind
    model: str | None
    label: str | None
    true_label: str | None
    wrong: bool | None
    item: str | None
    after: ItemKey | None
    limit: int


def read_labels(connection: Connection, asked: AskedLabels) -> tuple[LabelledItems, ItemKey | None]:
    """Read the items of a page, and the cursor of the next one.

    Raises:
        ProblemError: 404, no such model, none in production, no such label or item.
    """
    answering = connection.execute(_MODELS, {"kind": asked.kind}).all()
    wanted = [row for row in answering if asked.model in (None, row.name)]
    if not wanted:
        raise refuse_classifier(connection, asked.kind, asked.model)
    table, model_ids = TABLES[asked.kind], [row.model_id for row in wanted]
    rows = take_rows(connection.execute(_statement(table, model_ids, asked)))
    data = [LabelledItem.model_validate(row._mapping) for row in rows[: asked.limit]]
    if not data and asked.after is None:
        check_there_is(connection, table, model_ids, asked._asdict())
    last = ItemKey(data[-1].model_id, data[-1].item) if len(rows) > asked.limit else None
    summaries = [ClassifierSummary.model_validate(row._mapping) for row in wanted]
    answer = LabelledItems(data=data, count=len(data), scores=_score(data), models=summaries)
    return answer, last


def _statement(table: Table, model_ids: Sequence[str], asked: AskedLabels) -> Select[Any]:
    of = table.c
    statement = (
        select(*(of[name] for name in _COLUMNS))
        .where(of.model_id.in_(model_ids), *_filters(table, asked))
        .order_by(of.model_id, of.item)
        .limit(asked.limit + 1)  # one too many, to know whether more follow
    )
    if asked.after is None:
        return statement
    model_id, item = asked.after
    behind = and_(of.model_id == model_id, of.item > item)
    return statement.where(or_(of.model_id > model_id, behind))


def _filters(table: Table, asked: AskedLabels) -> list[ColumnElement[bool]]:
    wanted = {"label": asked.label, "true_label": asked.true_label, "item": asked.item}
    found = [table.c[name] == value for name, value in wanted.items() if value is not None]
    if asked.wrong is not None:  # where the truth is not known, neither
        right = table.c.label == table.c.true_label
        found.append(~right if asked.wrong else right)
    return found


def _score(data: Sequence[LabelledItem]) -> LabelScores:
    known = [each for each in data if each.true_label is not None]
    right = sum(each.label == each.true_label for each in known)
    accuracy = right / len(known) if known else None
    return LabelScores(count=len(known), right=right, accuracy=accuracy)
