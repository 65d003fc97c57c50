"""Cleaning, words and stems: each step by example, on and off."""

from dataclasses import fields, replace

import pytest

from triptych.nlp.cleaning import CleaningRules, clean_text
from triptych.nlp.preprocessing import Preparation
from triptych.nlp.tokens import TokenRules, negations_among, stem, tokenise

NOTHING = CleaningRules(**dict.fromkeys((field.name for field in fields(CleaningRules)), False))
HAPPY, SAD = "emoticonepositive", "emoticonenegative"


@pytest.mark.parametrize(
    ("step", "text", "cleaned"),
    [
        ("unicode", "e\u0301te\u0301 &amp; cin&eacute;", "été & ciné"),
        ("apostrophes", "l\u2019été, l`hiver, l\u02bcan", "l'été, l'hiver, l'an"),
        ("lower_case", "GÉNIAL", "génial"),
        ("elongated", "nuuuul mais belle création, créée", "nul mais belle création, créée"),
        (
            "emoticons",
            "bien :-) mal :( ou ^^ et -_-",
            f"bien {HAPPY} mal {SAD} ou {HAPPY} et {SAD}",
        ),
        ("emoticons", "(vu en 1998) a:b, 3/4 http://x", "(vu en 1998) a:b, 3/4 http://x"),
        ("emoticons", "trop xD :D", f"trop {HAPPY} {HAPPY}"),
        ("numbers", "en 1998, 2h30, noté 3,5 / 5", "en nombre, nombrehnombre, noté 3,5/5"),
    ],
)
def test_each_step_does_its_work_and_no_other(step: str, text: str, cleaned: str) -> None:
    assert clean_text(text, replace(NOTHING, **{step: True})) == cleaned
    assert clean_text(text, NOTHING) == text


def test_words_are_split_as_french_does() -> None:
    text = "qu'est-ce que l'acteur n'a pas compris ? jusqu'ici, peut-être : 4/5 !! … « rien »"

    words = tokenise(text, TokenRules())

    assert words == [
        "qu'", "est-ce", "que", "l'", "acteur", "n'", "a", "pas", "compris", "?", "jusqu'", "ici",
        "peut-être", "4/5", "!!!", "...", '"', "rien", '"',
    ]  # fmt: skip
    assert tokenise("aujourd'hui !", TokenRules(punctuation=False)) == ["aujourd'hui"]
    assert tokenise("! !! ! ? ?? ...", TokenRules()) == ["!!!", "?", "???", "..."]


def test_negated_words_are_marked_until_a_sign() -> None:
    rules = TokenRules(negation=True)

    assert tokenise("ce n'est pas un bon film du tout", rules) == [
        "ce", "n'", "est", "pas", "non_un", "non_bon", "non_film", "du", "tout",
    ]  # fmt: skip
    assert tokenise("pas ! bon", rules) == ["pas", "!", "bon"]


def test_stop_words_go_and_negations_are_found() -> None:
    rules = TokenRules(stop_words=("le", "est"))

    assert tokenise("le film n'est pas bon", rules) == ["film", "n'", "pas", "bon"]
    assert negations_among(["le", "pas", "ne", "la"]) == ["ne", "pas"]


def test_stems_join_the_forms_of_a_word() -> None:
    assert stem("magnifiques") == stem("magnifique")
    assert stem("décevante") == stem("décevant")
    assert stem("a") != stem("à")


def test_a_document_has_text_words_and_stems() -> None:
    (document,) = Preparation().prepare(["Les ACTRICES sont  magnifiques !!"])

    assert document.text == "les actrices sont magnifiques !!"
    assert document.words == "les actrices sont magnifiques !!!"
    assert document.stems == "le actric sont magnif !!!"
