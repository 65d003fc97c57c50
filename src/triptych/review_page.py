"""What MLflow's pages say of a study of film reviews, as run_page.py does of temperature."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass
class ReviewPage:
    """A run as its page tells it; what the run makes is added as it goes on.

    Attributes:
        pipelines: names of the pipelines.
        parameters: of the run.
        comparison: the scores of all models.
        ranking: all models, best in cross-validation first.
        registered: name and version of the model that the run has registered, if any.
    """

    pipelines: Sequence[str]
    parameters: Mapping[str, Any]
    comparison: pd.DataFrame | None = None
    ranking: Sequence[str] = ()
    registered: str | None = None
    locations: Sequence[str] = ()

    def note(self, dataset: str, data: Any) -> None:
        """Take what the page tells of a dataset that was saved."""
        if dataset == "text_comparison":
            self.comparison = data
        elif dataset == "text_ranking":
            self.ranking = data

    @property
    def source(self) -> str:
        """Where the reviews come from: `sample` or `folder`."""
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
            *([f"Registered as {self.registered}."] if self.registered else []),
            f"Positive or negative? Of {self._subject}; seed {self.parameters.get('seed')}.",
            *self._table(),
        ]
        return "\n\n".join(parts)

    @property
    def _subject(self) -> str:
        return "synthetic reviews" if self.source == "sample" else "film reviews"

    def _value(self, name: str) -> Any:
        group = self.parameters["nlp"]
        return group[name] if isinstance(group, Mapping) else getattr(group, name)

    def _rows(self) -> pd.DataFrame | None:
        if self.comparison is None:
            return None
        of_split: pd.DataFrame = self.comparison[
            self.comparison["split"] == self._value("test_split")
        ]
        return of_split

    def _chosen_row(self) -> "pd.Series[Any] | None":
        rows = self._rows()
        if rows is None or not self.ranking:
            return None
        return rows[rows["model"] == self.ranking[0]].iloc[0]

    def _verdict(self) -> Iterable[str]:
        row = self._chosen_row()
        if row is not None:
            yield (
                f"Chosen by cross-validation: **{row['model']}**, accuracy "
                f"**{row['accuracy']:.1%}** on the {row['n']:,} reviews of {row['split']} (95 %: "
                f"{row['accuracy_low']:.1%} to {row['accuracy_high']:.1%})."
            )

    def _table(self) -> Iterable[str]:
        rows = self._rows()
        if rows is None:
            return
        shown = ("accuracy", "macro_f1", "roc_auc", "brier")
        lines = [
            f"| {row['model']} | " + " | ".join(f"{row[name]:.3f}" for name in shown) + " |"
            for _, row in rows.iterrows()
        ]
        yield "\n".join([f"| model | {' | '.join(shown)} |", "|---|" + "--:|" * len(shown), *lines])
