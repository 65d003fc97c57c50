"""Which reviews may be used: what is left out is listed with its reason, and nothing is lost."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import pandas as pd

from triptych.classification.sources import explain_excess
from triptych.nlp.errors import ReviewSourceError
from triptych.nlp.reading import ACCEPTED, RAW_COLUMNS, SPLITS

REVIEW_COLUMNS = ("item", "split", "review", "polarity")
REJECTED_COLUMNS = ("split", "line", "reason", "polarity", "characters", "excerpt")
EXCERPT = 80
_NOTHING = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class ReviewLimits:
    """What a review may be, and how many may not.

    Attributes:
        max_characters: a longer review is no review.
        max_rejected_share: of the reviews of one split; beyond, the set is not what was meant.
        needed: the splits that must be there.
    """

    max_characters: int
    max_rejected_share: float
    needed: tuple[str, ...]


def check_reviews(raw: pd.DataFrame, limits: ReviewLimits) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the reviews that may be used from those that may not.

    Of reviews with the same text (letters and digits alone count, without case) the first stays; if
    they stand in two splits, it stays in the one that is judged (test before val before train); if
    their labels differ, none stays.

    Args:
        raw: RAW_COLUMNS, as `read_reviews` gives them.

    Returns:
        The reviews REVIEW_COLUMNS (`item` is `split-line`), and the others REJECTED_COLUMNS.

    Raises:
        ReviewSourceError: columns or a needed split are missing.
    """
    _require(raw, limits)
    labels = raw["polarity"].map(_label)
    reason = raw["fault"].mask(raw["fault"] == "", _reasons(raw, labels, limits))
    good = raw[reason == ""]
    doubles = _doubles(good, labels[good.index])
    reason = reason.where(reason != "", doubles.reindex(raw.index, fill_value=""))
    refused = raw.assign(reason=reason)[reason != ""]
    kept = raw[reason == ""]
    kept = kept.assign(polarity=labels[kept.index].astype("int64"))
    item = kept["split"] + "-" + kept["line"].astype(str).str.zfill(6)
    reviews = kept.assign(item=item)[list(REVIEW_COLUMNS)].reset_index(drop=True)
    return reviews, _listed(refused)


def explain_refusal(kept: pd.DataFrame, refused: pd.DataFrame, limits: ReviewLimits) -> str:
    """Say why the reviews as a whole are not used: too many are rejected, or a class is missing.

    Args:
        kept, refused: of check_reviews.

    Returns:
        The first reason, empty if there is none.
    """
    for split in sorted({*kept["split"], *refused["split"]}):
        reasons = refused.loc[refused["split"] == split, "reason"]
        own = kept[kept["split"] == split]
        total = len(own) + len(reasons)
        if excess := explain_excess(len(reasons), total, limits.max_rejected_share):
            counts = reasons.value_counts()
            told = "; ".join(f"{count:,} × {reason}" for reason, count in counts.items())
            return (
                f"Reviews of the split {split}: {excess}: {told}. rejected_reviews.csv lists them "
                "all. Correct the file (UTF-8), or raise nlp.max_rejected_share."
            )
        if own["polarity"].nunique() != 2:  # noqa: PLR2004
            return (
                f"The split {split} needs reviews of both classes, 0 (negative) and 1 (positive); "
                f"of its {total:,} reviews {len(own):,} can be used, all of one class. Correct "
                "the file."
            )
    return ""


def same_text(review: str) -> str:
    """What two copies of a review share, however they were typed: letters and digits, no case."""
    return _NOTHING.sub(" ", unicodedata.normalize("NFKC", review).casefold()).strip()


def _require(raw: pd.DataFrame, limits: ReviewLimits) -> None:
    lacking = [name for name in RAW_COLUMNS if name not in raw]
    if lacking:
        raise ReviewSourceError(
            f"The reviews need the columns {', '.join(RAW_COLUMNS)}; {', '.join(lacking)} is "
            "missing. Correct the source."
        )
    there = set(raw["split"])
    for split in limits.needed:
        if split not in there:
            raise ReviewSourceError(
                f"The reviews have no split {split!r}; there are: {', '.join(sorted(there))}. Add "
                f"its file ({ACCEPTED}), or name another split with --params nlp.test_split=…"
            )


def _label(value: Any) -> float:
    """0 or 1, also written as text; NaN for anything else (true is no label)."""
    if isinstance(value, bool) or str(value) not in {"0", "1", "0.0", "1.0"}:
        return float("nan")
    return float(value)


def _reasons(raw: pd.DataFrame, labels: "pd.Series[float]", limits: ReviewLimits) -> pd.Series:
    reasons = pd.Series("", index=raw.index)
    lengths = raw["review"].str.len()
    reasons[labels.isna()] = "label is not 0 or 1"
    reasons[lengths > limits.max_characters] = f"longer than {limits.max_characters} characters"
    short = raw["review"].where(lengths <= limits.max_characters, "long").map(same_text)
    reasons[short == ""] = "no word"
    return reasons


def _doubles(good: pd.DataFrame, labels: "pd.Series[float]") -> pd.Series:
    """The reasons of the reviews that stand more than once, by their index; the others' empty."""
    rank = good["split"].map({name: rank for rank, name in enumerate(reversed(SPLITS))})
    ordered = good.assign(text=good["review"].map(same_text), rank=rank, label=labels)
    ordered = ordered.sort_values(["rank", "line"], kind="stable")
    groups = ordered.groupby("text")
    first = groups["split"].transform("first")
    reasons = pd.Series("", index=ordered.index)
    again = groups.cumcount() > 0
    reasons[again] = "the same text before"
    across = again & (first != ordered["split"])
    reasons[across] = "the same text in " + first[across]
    reasons[groups["label"].transform("nunique") > 1] = "the same text with another label"
    return reasons


def _listed(refused: pd.DataFrame) -> pd.DataFrame:
    listed = refused.assign(
        polarity=refused["polarity"].astype("str"),
        characters=refused["review"].str.len().astype("int64"),
        excerpt=refused["review"].str.slice(0, EXCERPT).str.replace(r"\s", " ", regex=True),
    )
    return listed[list(REJECTED_COLUMNS)].reset_index(drop=True)
