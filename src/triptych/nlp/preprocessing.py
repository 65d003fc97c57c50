"""Preparation of French reviews: cleaned text, words and stems. Nothing is fitted here."""

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, field_validator

NEGATIONS = frozenset(
    {"ne", "n'", "pas", "plus", "jamais", "rien", "aucun", "aucune", "ni", "sans", "guère", "point"}
)
_NEGATORS = NEGATIONS - {"ne", "n'", "point"}
_NEGATED_WORDS = 3  # that `negation` marks after a negator

_EYES, _NOSE = r"[:;=xX8]", r"[-'o^]?"
# An emoticon stands free: `xp` in a word or `8)` after the digits of `(1998)` is none. Each branch
# starts with its characters and looks behind afterwards, which doubles the speed of `re`.
_HAPPY = re.compile(
    rf"{_EYES}(?<![\w(].){_NOSE}[)\]D]+(?!\w)|\^(?<!\w.)[_.]?\^(?!\w)|<3|[😀-😆😉-😎😍🤩👍❤🙂🎉👏🥰]"
)
_SAD = re.compile(
    rf"{_EYES}(?<![\w(].){_NOSE}[(\[/]+(?![\w/])|-(?<!\w.)_+-(?!\w)|[😒😞-😢👎🤮🙁💩😴]"
)
_APOSTROPHES = re.compile("[\u2019\u2018\u02bc`\u00b4\u2032]")
_ELONGATED = re.compile(r"([^\W\d_])\1\1+")
_DECIMAL = r"\d\d*(?:[.,]\d+)?"  # `re` skips a branch by its first sign, unless that repeats
_RATING_OR_NUMBER = re.compile(rf"{_DECIMAL}(?:\s*/\s*\d+)?")

# A rating (4/5), an elided word with its apostrophe (l', jusqu'), a word (compounds stay whole), or
# a run of expressive signs, which `_normalise_signs` writes in one way.
_WORDS = (
    rf"{_DECIMAL}/\d+|"
    r"[cdjlmnst](?<!\w.)'|\b(?:qu|jusqu|lorsqu|puisqu|quoiqu|presqu)'|"
    r"[^\W_]+(?:['-][^\W_]+)*"
)
_SIGNS = r"|\.{2,}|…|!+(?:[!? ]*!)*|\?+|[\"«»“”]"
_TOKENS = {False: re.compile(_WORDS), True: re.compile(_WORDS + _SIGNS)}


class Document(NamedTuple):
    """A prepared review: cleaned text; words and stems, separated by spaces."""

    text: str
    words: str
    stems: str


class Preparation(BaseModel):
    """The preparation steps. A model stores them, so that new reviews are prepared alike.

    Accents stay: `a` and `à` are different words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    unicode: bool = True  # resolve HTML entities and compose characters (NFC)
    apostrophes: bool = True  # write every apostrophe as ', so that elisions can be split
    lower_case: bool = True
    elongated: bool = True  # write a letter repeated three times or more once: nuuuul is nul
    emoticons: bool = True  # replace :-) and the like by one of two words, happy or sad
    numbers: bool = True  # replace numbers by one word, except ratings such as 4/5
    punctuation: bool = True  # ! ? … and quotation marks are tokens
    negation: bool = False  # mark the words after a negation: pas bon gives pas non_bon
    drop_stop_words: bool = False
    stop_words: tuple[str, ...] = ()  # as written after cleaning

    @field_validator("stop_words")
    @classmethod
    def _keep_negations(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if found := sorted(set(words) & NEGATIONS):
            raise ValueError(
                f"stop words must not contain negations: without {', '.join(found)}, `pas bon` "
                "becomes `bon`"
            )
        return words

    def prepare(self, reviews: Iterable[str]) -> list[Document]:
        """Clean, tokenise and stem each review, in order."""
        documents = []
        for review in reviews:
            text = self.clean(review)
            words = self.tokenise(text)
            documents.append(Document(text, " ".join(words), " ".join(map(stem, words))))
        return documents

    def clean(self, text: str) -> str:
        """Normalise one text; white space becomes single spaces."""
        if self.unicode:
            text = unicodedata.normalize("NFC", html.unescape(text))
        if self.apostrophes:
            text = _APOSTROPHES.sub("'", text)
        if self.emoticons:  # before lower case: `:D` and `xD`
            text = _HAPPY.sub(" emoticonepositive ", text)
            text = _SAD.sub(" emoticonenegative ", text)
        if self.lower_case:
            text = text.lower()
        if self.elongated:
            text = _ELONGATED.sub(r"\1", text)
        if self.numbers:
            text = _RATING_OR_NUMBER.sub(_replace_number, text)
        return " ".join(text.split())

    def tokenise(self, text: str) -> list[str]:
        """Split a cleaned text into words."""
        found = _TOKENS[self.punctuation].findall(text)
        words = [word if word[0].isalnum() else _normalise_signs(word) for word in found]
        if self.negation:
            words = _mark_negated(words)
        if self.drop_stop_words:
            stop_words = frozenset(self.stop_words)
            words = [word for word in words if word not in stop_words]
        return words


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return Snowball's French stem of a lower-case word."""
    return str(_stemmer().stem(word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    from nltk.stem.snowball import FrenchStemmer

    return FrenchStemmer()


def _replace_number(match: re.Match[str]) -> str:
    found = match.group()
    return "".join(found.split()) if "/" in found else "nombre"


def _normalise_signs(signs: str) -> str:
    """Write each run of signs in one way: `!!`, `! !` and `!!!!` are the same token."""
    if signs[0] in "!?":
        return signs if len(signs) == 1 else 3 * signs[0]
    return "..." if signs[0] in ".…" else '"'


def _mark_negated(words: list[str]) -> list[str]:
    marked, remaining = [], 0
    for word in words:
        if not word[0].isalpha():
            remaining = 0
        marked.append(f"non_{word}" if remaining and word not in NEGATIONS else word)
        remaining = _NEGATED_WORDS if word in _NEGATORS else max(remaining - 1, 0)
    return marked
