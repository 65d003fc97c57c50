"""From a review to what a vectoriser counts: the cleaned text for characters, words, and stems.

Nothing here learns: every review is prepared by itself, so nothing can leak from one to another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from triptych.nlp.cleaning import CleaningRules, clean_text
from triptych.nlp.tokens import TokenRules, stem, tokenise


class Document(NamedTuple):
    """A prepared review: its cleaned text, its words and their stems with blanks between them."""

    text: str
    words: str
    stems: str


@dataclass(frozen=True)
class Preparation:
    """How reviews are prepared; a model keeps it, so that new reviews are treated alike."""

    cleaning: CleaningRules = field(default_factory=CleaningRules)
    tokens: TokenRules = field(default_factory=TokenRules)

    def prepare(self, reviews: Iterable[str]) -> list[Document]:
        """Clean, split and stem each review, in order."""
        documents = []
        for review in reviews:
            text = clean_text(review, self.cleaning)
            words = tokenise(text, self.tokens)
            documents.append(Document(text, " ".join(words), " ".join(map(stem, words))))
        return documents
