"""The embedded sample: synthetic French film reviews from a grammar, for work offline.

They have what makes real ones hard (negations, mixed opinions, plots that say nothing, typing
faults, irony, some wrong labels) but prove nothing about quality on real ones.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from triptych.nlp import grammar
from triptych.nlp.reading import RAW_COLUMNS
from triptych.nlp.validation import same_text

_T = TypeVar("_T")
_WRONG_LABELS = 0.03
_IRONY = 0.03
_NOISE = 0.08  # a review that is typed without accents, in capitals, with drawn-out words, …
_BLOCK = 100_000


class _Dice:
    """Uniform numbers drawn in blocks: one at a time they would cost more than the grammar."""

    def __init__(self, seed: Sequence[int]) -> None:
        self._rng = np.random.default_rng(seed)
        self._numbers: Iterator[float] = iter(())

    def roll(self) -> float:
        """A number from 0 up to 1."""
        for number in self._numbers:
            return number
        self._numbers = iter(self._rng.random(_BLOCK).tolist())
        return next(self._numbers)

    def pick(self, choices: Sequence[_T]) -> _T:
        """One of these."""
        return choices[int(self.roll() * len(choices))]


def generate_reviews(counts: Mapping[str, int], seed: int) -> pd.DataFrame:
    """Write reviews: half of a split positive, in random order.

    Args:
        counts: how many reviews of each split; no review stands twice.
        seed: the same seed writes the same reviews.

    Returns:
        RAW_COLUMNS, no fault among them.
    """
    seen: set[str] = set()
    rows = []
    for number, (split, count) in enumerate(counts.items()):
        dice = _Dice((seed, number))
        for line in range(1, count + 1):
            positive = dice.roll() < 0.5  # noqa: PLR2004
            review = _write(dice, positive)
            while (text := same_text(review)) in seen:
                review = _write(dice, positive)
            seen.add(text)
            wrong = dice.roll() < _WRONG_LABELS
            rows.append((split, line, review, int(positive != wrong), ""))
    return pd.DataFrame(rows, columns=list(RAW_COLUMNS))


def _write(dice: _Dice, positive: bool) -> str:
    """One review: the plot, opinions, perhaps one against, a verdict, and how it is typed."""
    sentences = [_plot(dice)] if dice.roll() < 0.6 else []  # noqa: PLR2004
    sentences += [_opinion(dice, positive) for _ in range(1 + int(3 * dice.roll()))]
    if dice.roll() < 0.3:  # noqa: PLR2004
        sentences.insert(int(dice.roll() * len(sentences)), _concession(dice, positive))
    if dice.roll() < 0.5:  # noqa: PLR2004
        sentences.append(dice.pick(grammar.ASIDES).format(dice.pick(grammar.WHEN)) + ".")
    if dice.roll() < 0.4:  # noqa: PLR2004
        sentences.append(_verdict(dice, positive))
    return _typed(dice, " ".join(sentences))


def _plot(dice: _Dice) -> str:
    hero, other = dice.pick(grammar.PEOPLE), dice.pick(grammar.PEOPLE)
    title = f"{dice.pick(grammar.TITLE_NOUNS)} {dice.pick(grammar.TITLE_ENDS)}"
    told = f"« {title} » raconte comment {hero}, {dice.pick(grammar.PLACES)},"
    return f"{told} {dice.pick(grammar.DEEDS)} {other}."


def _opinion(dice: _Dice, positive: bool) -> str:
    """Say it plainly, or deny the contrary."""
    noun = dice.pick(grammar.ASPECTS)
    verb, denied = grammar.VERBS[noun.form]
    if dice.roll() < 0.3:  # noqa: PLR2004
        word = dice.pick(grammar.BAD if positive else grammar.GOOD)[noun.form]
        never = dice.pick(("pas", "jamais", "pas du tout"))
        said = f"{noun.text} {denied} {never} {word}"
    else:
        word = dice.pick(grammar.GOOD if positive else grammar.BAD)[noun.form]
        said = f"{noun.text} {verb} {dice.pick(grammar.INTENSITIES)}{word}"
    return said[0].upper() + said[1:] + dice.pick((".", ".", " !", "..."))


def _concession(dice: _Dice, positive: bool) -> str:
    against = _opinion(dice, not positive).rstrip(" .!")
    return f"{against}, mais ce n'est pas l'essentiel."


def _verdict(dice: _Dice, positive: bool) -> str:
    ironic = dice.roll() < _IRONY
    verdicts = grammar.GOOD_VERDICTS if positive != ironic else grammar.BAD_VERDICTS
    marks = grammar.GOOD_MARKS if positive else grammar.BAD_MARKS
    signs = grammar.GOOD_SIGNS if positive else grammar.BAD_SIGNS
    ending = dice.pick((".", " !", f" : {dice.pick(marks)}", f" {dice.pick(signs)}"))
    return dice.pick(verdicts) + (" bien sûr, bravo..." if ironic else ending)


def _typed(dice: _Dice, text: str) -> str:
    for change in _CHANGES:
        if dice.roll() < _NOISE:
            text = change(dice, text)
    return text


def _plain_letters(_: _Dice, text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _drawn_out(dice: _Dice, text: str) -> str:
    """Draw one vowel of a long word out."""
    words = text.split(" ")
    place = int(dice.roll() * len(words))
    vowels = [at for at, sign in enumerate(words[place]) if sign in "aeiou"]
    if vowels:
        at = dice.pick(vowels)
        words[place] = words[place][:at] + 4 * words[place][at] + words[place][at + 1 :]
    return " ".join(words)


def _swapped(dice: _Dice, text: str) -> str:
    at = int(dice.roll() * (len(text) - 1))
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


_CHANGES: tuple[Callable[[_Dice, str], str], ...] = (
    _plain_letters,
    _drawn_out,
    _swapped,
    lambda _, text: text.upper(),
    lambda _, text: text.replace("'", "\u2019"),
    lambda _, text: text.replace(".", " !!!"),
)
