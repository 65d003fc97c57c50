"""The embedded sample: synthetic French film reviews from a grammar, for use offline.

They have negations, mixed opinions, neutral plots, typing errors, irony and some wrong labels, but
prove nothing about the quality on real reviews.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from triptych.nlp import grammar
from triptych.nlp.errors import ReviewSourceError
from triptych.nlp.reading import RAW_COLUMNS, read_reviews
from triptych.nlp.validation import normalise_text

_T = TypeVar("_T")
_WRONG_LABELS, _IRONY, _NOISE = 0.03, 0.03, 0.08  # probabilities; noise: of each typing change
_BLOCK = 100_000


class _Random:
    """Uniform random numbers, drawn in blocks: single draws would cost more than the grammar."""

    def __init__(self, seed: Sequence[int]) -> None:
        self._numbers = self._draw(np.random.default_rng(seed))

    @staticmethod
    def _draw(rng: np.random.Generator) -> Iterator[float]:
        while True:
            yield from rng.random(_BLOCK).tolist()

    def below(self, probability: float) -> bool:
        """Return true with this probability."""
        return next(self._numbers) < probability

    def index(self, size: int) -> int:
        """Draw an index below `size`."""
        return int(next(self._numbers) * size)

    def choice(self, choices: Sequence[_T]) -> _T:
        """Draw an item."""
        return choices[self.index(len(choices))]


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
        rng = _Random((seed, number))
        for line in range(1, count + 1):
            positive = rng.below(0.5)
            review = _review(rng, positive)
            while (text := normalise_text(review)) in seen:
                review = _review(rng, positive)
            seen.add(text)
            label = int(positive != rng.below(_WRONG_LABELS))
            rows.append((split, line, review, label, "", ""))
    return pd.DataFrame(rows, columns=list(RAW_COLUMNS))


def _review(rng: _Random, positive: bool) -> str:
    sentences = [_plot(rng)] if rng.below(0.6) else []
    sentences += [_opinion(rng, positive) for _ in range(1 + rng.index(3))]
    if rng.below(0.3):
        place = rng.index(len(sentences))
        concession = _opinion(rng, not positive).rstrip(" .!")
        sentences.insert(place, f"{concession}, mais ce n'est pas l'essentiel.")
    if rng.below(0.5):
        sentences.append(rng.choice(grammar.ASIDES).format(rng.choice(grammar.WHEN)) + ".")
    if rng.below(0.4):
        sentences.append(_verdict(rng, positive))
    review = " ".join(sentences)
    for change in _TYPING:
        if rng.below(_NOISE):
            review = change(rng, review)
    return review


def _plot(rng: _Random) -> str:
    hero, other = rng.choice(grammar.PEOPLE), rng.choice(grammar.PEOPLE)
    title = f"{rng.choice(grammar.TITLE_NOUNS)} {rng.choice(grammar.TITLE_ENDS)}"
    told = f"« {title} » raconte comment {hero}, {rng.choice(grammar.PLACES)},"
    return f"{told} {rng.choice(grammar.DEEDS)} {other}."


def _opinion(rng: _Random, positive: bool) -> str:
    """An opinion, or the negation of the opposite."""
    noun, form = rng.choice(grammar.ASPECTS)
    verb, negated = grammar.VERBS[form]
    if rng.below(0.3):
        word = rng.choice(grammar.BAD if positive else grammar.GOOD)[form]
        said = f"{noun} {negated} {rng.choice(('pas', 'jamais', 'pas du tout'))} {word}"
    else:
        word = rng.choice(grammar.GOOD if positive else grammar.BAD)[form]
        said = f"{noun} {verb} {rng.choice(grammar.INTENSITIES)}{word}"
    return said[0].upper() + said[1:] + rng.choice((".", ".", " !", "..."))


def _verdict(rng: _Random, positive: bool) -> str:
    ironic = rng.below(_IRONY)
    verdicts = grammar.GOOD_VERDICTS if positive != ironic else grammar.BAD_VERDICTS
    ratings = grammar.GOOD_RATINGS if positive else grammar.BAD_RATINGS
    signs = grammar.GOOD_SIGNS if positive else grammar.BAD_SIGNS
    ending = rng.choice((".", " !", f" : {rng.choice(ratings)}", f" {rng.choice(signs)}"))
    return rng.choice(verdicts) + (" bien sûr, bravo..." if ironic else ending)


def _drop_accents(_: _Random, text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _elongate(rng: _Random, text: str) -> str:
    """Repeat one vowel."""
    words = text.split(" ")
    place = rng.index(len(words))
    vowels = [at for at, sign in enumerate(words[place]) if sign in "aeiou"]
    if vowels:
        at = rng.choice(vowels)
        words[place] = words[place][:at] + 4 * words[place][at] + words[place][at + 1 :]
    return " ".join(words)


def _swap(rng: _Random, text: str) -> str:
    at = rng.index(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


_TYPING: tuple[Callable[[_Random, str], str], ...] = (
    _drop_accents,
    _elongate,
    _swap,
    lambda _, text: text.upper(),
    lambda _, text: text.replace("'", "\u2019"),
    lambda _, text: text.replace(".", " !!!"),
)
