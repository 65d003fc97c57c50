"""Review texts made alike, each step a switch: what is left carries the feeling, and the accents.

Accents stay (`a` and `à`, `ou` and `où` are different words, and `génial` is spelt so). Emoticons
become two words, since their signs would not outlive tokenising.
"""

import html
import re
import unicodedata
from dataclasses import dataclass

POSITIVE_EMOTICON = "emoticonepositive"
NEGATIVE_EMOTICON = "emoticonenegative"
NUMBER = "nombre"

_EYES, _NOSE = r"[:;=xX8]", r"[-'o^]?"
# An emoticon stands free: `xp` within a word, or `8)` after `(1998)`'s digits, is none.
_HAPPY = re.compile(
    rf"(?<![\w(]){_EYES}{_NOSE}[)\]D]+(?!\w)|(?<!\w)\^[_.]?\^(?!\w)|<3|[😀-😆😉-😎😍🤩👍❤🙂🎉👏🥰]"
)
_SAD = re.compile(
    rf"(?<![\w(]){_EYES}{_NOSE}[(\[/]+(?![\w/])|(?<!\w)-_+-(?!\w)|[😒😞-😢👎🤮🙁💩😴]"
)
_APOSTROPHES = re.compile("[\u2019\u2018\u02bc`\u00b4\u2032]")
_ELONGATED = re.compile(r"([^\W\d_])\1{2,}")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_MARK = re.compile(r"\d+(?:[.,]\d+)?\s*/\s*\d+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class CleaningRules:
    """The steps that `clean_text` takes, in this order; false leaves a step out.

    Attributes:
        unicode: HTML entities resolved, Unicode composed (NFC): `e` + accent is `é`.
        apostrophes: every apostrophe is `'`, so that elisions can be split.
        lower_case: no capitals.
        elongated: a letter three times or more is written once: `nuuuul` is `nul`.
        emoticons: `:-)` and its like become two words, one happy and one sad.
        numbers: a number becomes one word; a mark such as `4/5` stays as it is.
    """

    unicode: bool = True
    apostrophes: bool = True
    lower_case: bool = True
    elongated: bool = True
    emoticons: bool = True
    numbers: bool = True


def clean_text(text: str, rules: CleaningRules) -> str:
    """Make one review's text alike to others; white space becomes single blanks."""
    if rules.unicode:
        text = unicodedata.normalize("NFC", html.unescape(text))
    if rules.apostrophes:
        text = _APOSTROPHES.sub("'", text)
    if rules.emoticons:  # before capitals go: `:D` and `xD` need theirs
        text = _HAPPY.sub(f" {POSITIVE_EMOTICON} ", text)
        text = _SAD.sub(f" {NEGATIVE_EMOTICON} ", text)
    if rules.lower_case:
        text = text.lower()
    if rules.elongated:
        text = _ELONGATED.sub(r"\1", text)
    if rules.numbers:
        text = _without_numbers(text)
    return _SPACE.sub(" ", text).strip()


def _without_numbers(text: str) -> str:
    """Replace numbers, but keep marks, without their blanks."""
    pieces = []
    end = 0
    for mark in _MARK.finditer(text):
        pieces += [_NUMBER.sub(NUMBER, text[end : mark.start()]), _SPACE.sub("", mark.group())]
        end = mark.end()
    return "".join([*pieces, _NUMBER.sub(NUMBER, text[end:])])
