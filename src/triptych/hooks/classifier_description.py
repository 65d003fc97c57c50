"""What MLflow's pages say of a study of classifiers, as run_page.py does of temperature."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Study:
    """What the studies of reviews and of photos call things.

    Attributes:
        group: of parameters.
        comparison: the dataset with the scores of all models.
        ranking: the dataset with all models, best first.
        chosen_by: what the ranking stands on.
        items: recorded, and of the sample.
        question: what is asked of an item.
        measures: columns of the comparison that are shown.
    """

    group: str
    comparison: str
    ranking: str
    chosen_by: str
    items: tuple[str, str]
    question: str
    measures: tuple[str, ...]


STUDIES = {
    "nlp": Study(
        "nlp", "text_comparison", "text_ranking", "cross-validation",
        ("film reviews", "synthetic reviews"), "Positive or negative?",
        ("accuracy", "macro_f1", "roc_auc", "brier"),
    ),
    "vision": Study(
        "vision", "photo_comparison", "photo_ranking", "validation",
        ("field photos", "drawn photos"), "What grows there?",
        ("accuracy", "macro_f1", "log_loss", "calibration_error"),
    ),
}  # fmt: skip


@dataclass
class ClassifierPage:
    """A run as its page tells it; what the run makes is added as it goes on.

    Attributes:
        study: what kind of data it is about.
        pipelines: names of the pipelines.
        parameters: of the run.
        comparison: the scores of all models.
        order: all models, best first.
        registered: name and version of the model that the run has registered, if any.
    """

    study: Study
    pipelines: Sequence[str]
    parameters: Mapping[str, Any]
    comparison: pd.DataFrame | None = None
    order: Sequence[str] = ()
    registered: str | None = None
    locations: Sequence[str] = ()

    def note(self, dataset: str, data: Any) -> None:
        """Take what the page tells of a dataset that was saved."""
        if dataset == self.study.comparison:
            self.comparison = data
        elif dataset == self.study.ranking:
            self.order = data

    @property
    def source(self) -> str:
        """Where the items come from: `sample` or `folder`."""
        return str(self._value("source"))

    @property
    def name(self) -> str:
        """The run in a line: what came out, of what, which pipeline."""
        told = f"{self._subject} · {'+'.join(self.pipelines)}"
        row = self._chosen_row()
        if row is None:
            return told
        return f"{row['model']} {row['accuracy']:.1%} · {told}"

    def description(self, failure: str | None = None) -> str:
        """Markdown for the page of the run: the verdict, and the table of models."""
        parts = [
            *([f"**Failed:** {failure}"] if failure else []),
            *self._verdict(),
            f"{self.study.question} Of {self._subject}; seed {self.parameters.get('seed')}.",
            *self._table(),
        ]
        return "\n\n".join(parts)

    @property
    def _subject(self) -> str:
        recorded, sample = self.study.items
        return sample if self.source == "sample" else recorded

    def _value(self, name: str, default: Any = None) -> Any:
        group = self.parameters[self.study.group]
        if isinstance(group, Mapping):
            return group.get(name, default)
        return getattr(group, name, default)

    def _rows(self) -> pd.DataFrame | None:
        if self.comparison is None:
            return None
        split = self._value("test_split", "test")
        of_split: pd.DataFrame = self.comparison[self.comparison["split"] == split]
        return of_split

    def _chosen_row(self) -> "pd.Series[Any] | None":
        rows = self._rows()
        if rows is None or not self.order:
            return None
        return rows[rows["model"] == self.order[0]].iloc[0]

    def _verdict(self) -> Iterable[str]:
        row = self._chosen_row()
        if row is not None:
            yield (
                f"Chosen by {self.study.chosen_by}: **{row['model']}**, accuracy "
                f"**{row['accuracy']:.1%}** on the {row['n']:,} items of {row['split']} (95 %: "
                f"{row['accuracy_low']:.1%} to {row['accuracy_high']:.1%})."
            )
        if self.registered is not None:
            yield f"Registered as {self.registered}; its stage today: tag `triptych.stage`."

    def _table(self) -> Iterable[str]:
        rows = self._rows()
        if rows is None:
            return
        shown = self.study.measures
        lines = [
            f"| {row['model']} | " + " | ".join(f"{row[name]:.3f}" for name in shown) + " |"
            for _, row in rows.iterrows()
        ]
        yield "\n".join([f"| model | {' | '.join(shown)} |", "|---|" + "--:|" * len(shown), *lines])
