"""The name and description that MLflow shows of a run with photos or reviews."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Study:
    """What is specific to reviews or to photos.

    Attributes:
        group: the parameter group.
        comparison: the dataset with the scores of all models.
        ranking: the dataset with all models, best first.
        chosen_by: how the ranking was made.
        items: what real items are called, and those of the sample.
        question: what the classifiers answer.
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
class ClassifierDescription:
    """The description of a run; results are added as they are saved.

    Attributes:
        study: what is specific to the kind of data.
        pipelines: names of the pipelines.
        parameters: of the run.
        comparison: the scores of all models.
        order: all models, best first.
        registered: name and version of the model that the run registered, if any.
        locations: none; forecasts have them.
    """

    study: Study
    pipelines: Sequence[str]
    parameters: Mapping[str, Any]
    comparison: pd.DataFrame | None = None
    order: Sequence[str] = ()
    registered: str | None = None
    locations: Sequence[str] = ()

    def add(self, dataset: str, data: Any) -> None:
        """Collect what the description shows of a saved dataset."""
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
        """The run in one line: the result, the data, the pipelines."""
        subject = f"{self._subject} · {'+'.join(self.pipelines)}"
        row = self._chosen_row()
        if row is None:
            return subject
        return f"{row['model']} {row['accuracy']:.1%} · {subject}"

    def description(self, failure: str | None = None) -> str:
        """Markdown: the chosen model, the data, and a table of all models."""
        parts = [
            *([f"**Failed:** {failure}"] if failure else []),
            *self._result(),
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

    def _result(self) -> Iterable[str]:
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
