"""Validation of raw reviews: unusable ones are listed with the reason."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import pandas as pd

from triptych.classification.sources import explain_excess
from triptych.nlp.duplicates import Pairs, find_near_duplicates, group_rows
from triptych.nlp.errors import ReviewSourceError
from triptych.nlp.reading import ACCEPTED, SPLITS

REVIEW_COLUMNS = ("item", "split", "review", "polarity", "group")
REJECTED_COLUMNS = ("split", "line", "reason", "polarity", "characters", "excerpt")
_EXCERPT = 80
_SEPARATORS = re.compile(r"[\W_]+")


def check_reviews(
    raw: pd.DataFrame, *, max_characters: int, needed: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Separate usable reviews from unusable ones.

    Of reviews with the same normalised text, one stays: that of the test split, else of val, else
    of train. If their labels differ, none stays. Training reviews that are near-duplicates of
    reviews of another split are rejected.

    Returns:
        The usable reviews REVIEW_COLUMNS (`item` is `split-line`; reviews of one film and
        near-duplicates have the same `group`), the others REJECTED_COLUMNS.

    Raises:
        ReviewSourceError: a needed split is missing.
    """
    splits = set(raw["split"])
    for split in needed:
        if split not in splits:
            raise ReviewSourceError(
                f"The reviews have no split {split!r}; there are: {', '.join(sorted(splits))}. Add "
                f"its file ({ACCEPTED}), or name another split with --params nlp.test_split=…"
            )
    raw = raw.assign(label=raw["polarity"].map(_label), text=raw["review"].map(normalise_text))
    too_long = raw["review"].str.len() > max_characters
    reason = raw["fault"].case_when([
        (raw["fault"] != "", raw["fault"]),
        (too_long, f"longer than {max_characters} characters"),
        (raw["text"] == "", "no word"),
        (raw["label"].isna(), "label is not 0 or 1"),
    ])  # fmt: skip
    duplicates = _duplicate_reasons(raw[reason == ""]).reindex(raw.index)
    reason = reason.mask(duplicates.notna(), duplicates)
    pairs = find_near_duplicates(raw["text"].where(reason == "", "").tolist())
    near = _near_reasons(raw["split"], pairs)
    reason = reason.mask(near != "", near)
    raw["group"] = group_rows(raw["film"].tolist(), pairs)
    usable = raw[reason == ""]
    item = usable["split"] + "-" + usable["line"].astype(str).str.zfill(6)
    reviews = usable.assign(item=item, polarity=usable["label"].astype("int64"))
    rejected = raw.assign(
        reason=reason,
        polarity=raw["polarity"].astype("str"),
        characters=raw["review"].str.len().astype("int64"),
        excerpt=raw["review"].str.slice(0, _EXCERPT).str.replace(r"\s", " ", regex=True),
    )[reason != ""]
    return (
        reviews[list(REVIEW_COLUMNS)].reset_index(drop=True),
        rejected[list(REJECTED_COLUMNS)].reset_index(drop=True),
    )


def explain_refusal(
    reviews: pd.DataFrame, rejected: pd.DataFrame, max_rejected_share: float
) -> str:
    """Explain why the reviews of check_reviews are refused, or return an empty string."""
    for split in sorted({*reviews["split"], *rejected["split"]}):
        reasons = rejected.loc[rejected["split"] == split, "reason"]
        usable = reviews[reviews["split"] == split]
        total = len(usable) + len(reasons)
        if excess := explain_excess(len(reasons), total, max_rejected_share):
            counts = reasons.value_counts()
            listed = "; ".join(f"{count:,} × {reason}" for reason, count in counts.items())
            return (
                f"Reviews of the split {split}: {excess}: {listed}. rejected_reviews.csv lists "
                "them all. Correct the file (UTF-8), or raise nlp.max_rejected_share."
            )
        if usable["polarity"].nunique() != 2:  # noqa: PLR2004
            return (
                f"The split {split} needs reviews of both classes, 0 (negative) and 1 (positive); "
                f"of its {total:,} reviews {len(usable):,} can be used, all of one class. Correct "
                "the file."
            )
    return ""


def normalise_text(review: str) -> str:
    """Reduce a review to its letters and digits, without case, to find duplicates."""
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFKC", review).casefold()).strip()


def _label(value: Any) -> float:
    """0 or 1, also as text; NaN for anything else, also for true."""
    if isinstance(value, bool) or str(value) not in {"0", "1", "0.0", "1.0"}:
        return float("nan")
    return float(value)


def _near_reasons(splits: "pd.Series[str]", pairs: Pairs) -> "pd.Series[str]":
    """The reasons of the near-duplicates to reject: training reviews beside one held out."""
    copies = group_rows([""] * len(splits), pairs)
    training = splits == SPLITS[0]
    held_out = splits.mask(training).groupby(copies).transform("last")
    return ("nearly the same text in " + held_out).where(training & held_out.notna(), "")


def _duplicate_reasons(usable: pd.DataFrame) -> pd.Series:
    """The reasons of the duplicates to reject, by index."""
    rank = usable["split"].map({name: rank for rank, name in enumerate(reversed(SPLITS))})
    ordered = usable.assign(rank=rank).sort_values(["rank", "line"], kind="stable")
    groups = ordered.groupby("text")
    first = groups["split"].transform("first")
    contradictory = groups["label"].transform("nunique") > 1
    reasons = ("the same text in " + first).case_when([
        (contradictory, "the same text with another label"),
        (first == ordered["split"], "the same text before"),
    ])  # fmt: skip
    return reasons[contradictory | (groups.cumcount() > 0)]
