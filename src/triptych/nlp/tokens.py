"""Words of a French text, and their stems; nothing is downloaded at run time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

# A mark (4/5), an elided word with its apostrophe (l', qu', jusqu'), a word (compound ones whole),
# or a run of the signs that carry feeling: repeated ones stay one token, `!!!` is not `!`.
_WORDS = (
    r"\d+(?:[.,]\d+)?/\d+|"
    r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|presqu)'|"
    r"[^\W_]+(?:['-][^\W_]+)*"
)
_SIGNS = r"|\.{2,}|…|!+(?:[!? ]*!)*|\?+|[\"«»“”]"
NEGATIONS = frozenset(
    {"ne", "n'", "pas", "plus", "jamais", "rien", "aucun", "aucune", "ni", "sans", "guère", "point"}
)
_NEGATORS = frozenset({"pas", "plus", "jamais", "rien", "aucun", "aucune", "ni", "sans", "guère"})
_NEGATED_SPAN = 3


@dataclass(frozen=True)
class TokenRules:
    """How a cleaned text becomes words.

    Attributes:
        punctuation: `!`, `?`, `…` and quotation marks are tokens too.
        negation: the words after a negation are marked (`pas bon` gives `pas non_bon`).
        stop_words: words that are left out, as they are written after cleaning.
    """

    punctuation: bool = True
    negation: bool = False
    stop_words: tuple[str, ...] = ()


def tokenise(text: str, rules: TokenRules) -> list[str]:
    """Split a cleaned text in words by NLTK's RegexpTokenizer."""
    words: list[str] = [_one_sign(word) for word in _splitter(rules.punctuation)(text)]
    if rules.negation:
        words = _mark_negated(words)
    if rules.stop_words:
        left_out = frozenset(rules.stop_words)
        words = [word for word in words if word not in left_out]
    return words


def negations_among(words: Sequence[str]) -> list[str]:
    """The negations in a list of stop words: leaving them out would turn opinions round."""
    return sorted(set(words) & NEGATIONS)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Snowball's French stem of a lower-case word; what is no word stays as it is."""
    stemmed: str = _stemmer().stem(word)
    return stemmed


@lru_cache(maxsize=2)
def _splitter(punctuation: bool) -> Callable[[str], list[str]]:
    from nltk.tokenize import RegexpTokenizer

    split: Callable[[str], list[str]] = RegexpTokenizer(
        _WORDS + (_SIGNS if punctuation else "")
    ).tokenize
    return split


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]
    from nltk.stem.snowball import FrenchStemmer

    return FrenchStemmer()


def _one_sign(word: str) -> str:
    """One way of writing each sign: `!!`, `! !` and `!!!!` are the same cry."""
    if word[0] == "!":
        return "!" if word == "!" else "!!!"
    if word[0] == "?":
        return "?" if word == "?" else "???"
    if word[0] in ".…":
        return "..."
    return '"' if word in {"«", "»", "“", "”"} else word


def _mark_negated(words: list[str]) -> list[str]:
    marked, left = [], 0
    for word in words:
        is_word = word[0].isalpha()
        left = left if is_word else 0
        marked.append(f"non_{word}" if left and word not in NEGATIONS else word)
        left = _NEGATED_SPAN if word in _NEGATORS else max(left - 1, 0)
    return marked
