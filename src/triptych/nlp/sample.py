"""The embedded sample: synthetic French film reviews from a grammar, for use offline.

They have negations, mixed opinions, neutral plots, typing errors, irony and some wrong labels, but
prove nothing about the quality on real reviews.
"""

import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import yaml

from triptych.nlp.errors import ReviewSourceError
from triptych.nlp.reading import RAW_COLUMNS, read_reviews
from triptych.nlp.validation import normalise_text

_WRONG_LABELS, _IRONY, _NOISE = 0.03, 0.03, 0.08  # probabilities; noise: of each typing change
# probabilities of a kind of sentence, and of a negated opinion
_PLOT, _CONCESSION, _ASIDE, _VERDICT, _NEGATED = 0.6, 0.3, 0.5, 0.4, 0.3


def read_source(
    source: str, dataset: str, sizes: Mapping[str, int], seed: int, *, folder: str | None
) -> pd.DataFrame:
    """Read the raw reviews of a source, faults included: RAW_COLUMNS.

    Args:
        source: `sample` or `folder`.
        dataset: folder of real reviews.
        sizes, seed: of the sample.
        folder: the data sets lie below it, as `reviews/train.jsonl`; None if there is none.

    Raises:
        ReviewSourceError: no folder is named, or it holds no reviews.
    """
    if source == "sample":
        return generate_reviews(sizes, seed)
    if not folder:
        raise ReviewSourceError(
            "No folder of recorded reviews is named. Set TRIPTYCH_REAL_DATA to the folder that "
            f"holds `{dataset}/train.jsonl` and `{dataset}/val.jsonl`, or run with "
            "nlp.source=sample (without --env live) to take the embedded sample."
        )
    return read_reviews(Path(folder) / dataset)


def generate_reviews(counts: Mapping[str, int], seed: int) -> pd.DataFrame:
    """Generate distinct reviews by split, half of them positive (RAW_COLUMNS, without faults)."""
    seen: set[str] = set()
    rows = []
    for number, (split, count) in enumerate(counts.items()):
        rng = Random(f"{seed} {number}")  # noqa: S311 - no secret depends on it
        for line in range(1, count + 1):
            positive = rng.choice((False, True))
            review = _review(rng, positive)
            while (text := normalise_text(review)) in seen:
                review = _review(rng, positive)
            seen.add(text)
            label = int(positive != (rng.random() < _WRONG_LABELS))
            rows.append((split, line, review, label, "", ""))
    return pd.DataFrame(rows, columns=list(RAW_COLUMNS))


@cache
def _words() -> dict[str, list[Any]]:
    """The words of sample.yml by kind; aspects of a film are pairs of a noun and its form."""
    words = yaml.safe_load(Path(__file__).with_name("sample.yml").read_text("utf-8"))
    aspects = [(noun, form) for form, nouns in enumerate(words["aspects"]) for noun in nouns]
    return {**words, "aspects": aspects}


def _review(rng: Random, positive: bool) -> str:
    words = _words()
    sentences = [_plot(rng)] if rng.random() < _PLOT else []
    sentences += [_opinion(rng, positive) for _ in range(1 + rng.randrange(3))]
    if rng.random() < _CONCESSION:
        place = rng.randrange(len(sentences))
        concession = _opinion(rng, not positive).rstrip(" .!")
        sentences.insert(place, f"{concession}, mais ce n'est pas l'essentiel.")
    if rng.random() < _ASIDE:
        sentences.append(rng.choice(words["asides"]).format(rng.choice(words["when"])) + ".")
    if rng.random() < _VERDICT:
        sentences.append(_verdict(rng, positive))
    review = " ".join(sentences)
    for change in _TYPING:
        if rng.random() < _NOISE:
            review = change(rng, review)
    return review


def _plot(rng: Random) -> str:
    kinds = ("title_nouns", "title_ends", "people", "places", "deeds", "people")
    noun, end, hero, place, deed, other = (rng.choice(_words()[kind]) for kind in kinds)
    return f"« {noun} {end} » raconte comment {hero}, {place}, {deed} {other}."


def _opinion(rng: Random, positive: bool) -> str:
    """An opinion, or the negation of the opposite."""
    words = _words()
    noun, form = rng.choice(words["aspects"])
    verb, negated = words["verbs"][form]
    if rng.random() < _NEGATED:
        word = rng.choice(words["bad" if positive else "good"])[form]
        said = f"{noun} {negated} {rng.choice(words['negations'])} {word}"
    else:
        word = rng.choice(words["good" if positive else "bad"])[form]
        said = f"{noun} {verb} {rng.choice(words['intensities'])}{word}"
    return said[0].upper() + said[1:] + rng.choice((".", ".", " !", "..."))


def _verdict(rng: Random, positive: bool) -> str:
    words, ironic = _words(), rng.random() < _IRONY
    verdicts = words["good_verdicts" if positive != ironic else "bad_verdicts"]
    side = "good" if positive else "bad"
    rating, sign = (rng.choice(words[f"{side}_{kind}"]) for kind in ("ratings", "signs"))
    ending = rng.choice((".", " !", f" : {rating}", f" {sign}"))
    return str(rng.choice(verdicts)) + (" bien sûr, bravo..." if ironic else ending)


def _drop_accents(_: Random, text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _elongate(rng: Random, text: str) -> str:
    """Repeat one vowel."""
    words = text.split(" ")
    place = rng.randrange(len(words))
    vowels = [at for at, sign in enumerate(words[place]) if sign in "aeiou"]
    if vowels:
        at = rng.choice(vowels)
        words[place] = words[place][:at] + 4 * words[place][at] + words[place][at + 1 :]
    return " ".join(words)


def _swap(rng: Random, text: str) -> str:
    at = rng.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


_TYPING: tuple[Callable[[Random, str], str], ...] = (
    _drop_accents,
    _elongate,
    _swap,
    lambda _, text: text.upper(),
    lambda _, text: text.replace("'", "\u2019"),
    lambda _, text: text.replace(".", " !!!"),
)
