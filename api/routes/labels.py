"""What the classifiers in production say of photos and reviews."""

from fastapi import APIRouter, Request

from api.answers import Answer, make_answer
from api.dependencies import get_database
from api.documentation import describe_list
from api.kept import KeptRoute
from api.labels import AskedLabels, Kind, read_labels
from api.paging import DEFAULT_ROWS, ItemCursor, Limit, read_item_key
from api.parameters import Item, Label, ModelName, TrueLabel, Wrong
from api.schemas import LabelledItems

router = APIRouter(
    route_class=KeptRoute, tags=["predictions"], responses=describe_list(may_be_absent=True)
)


def _add_route(kind: Kind, items: str) -> None:
    """Add the route of a kind; both answer alike, each of its own table."""

    @router.get(
        f"/{kind}/predictions",
        operation_id=f"get-{kind}-predictions",
        response_model=LabelledItems,
        summary=f"What is said of {items}",
    )
    def get_labels(
        request: Request,
        model: ModelName = None,
        label: Label = None,
        true_label: TrueLabel = None,
        wrong: Wrong = None,
        item: Item = None,
        limit: Limit = DEFAULT_ROWS,
        cursor: ItemCursor = None,
    ) -> Answer:
        """Answer the label and the probabilities of each item, by model and item.

        The version in production of each name answers; `models` says which it is and how well it
        did. `scores` counts the items in `data` whose truth is known.
        """
        erring = None if wrong is None else wrong == "true"
        asked = AskedLabels(
            kind, model, label, true_label, erring, item, read_item_key(cursor), limit
        )
        found, more = get_database(request).run(lambda c: read_labels(c, asked))
        note = f"{found.count} {items}, model {model or 'all'}, {found.scores.right} right"
        return make_answer(request, found, more, note)


_add_route("images", "photos")
_add_route("texts", "reviews")
