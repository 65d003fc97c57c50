"""Preparation of reviews: each step by example, on and off."""

import pytest
from pydantic import ValidationError

from triptych.nlp.preprocessing import Preparation, stem

STEPS = [name for name, used in Preparation() if isinstance(used, bool)]
NOTHING = Preparation(**dict.fromkeys(STEPS, False))
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
def test_each_cleaning_step_has_its_own_effect(step: str, text: str, cleaned: str) -> None:
    assert NOTHING.model_copy(update={step: True}).clean(text) == cleaned
    assert NOTHING.clean(text) == text


@pytest.mark.parametrize(
    ("steps", "text", "words"),
    [
        (
            {},
            "qu'est-ce que l'acteur n'a pas compris ? jusqu'ici, peut-être : 4/5 !! … « rien »",
            "qu' est-ce que l' acteur n' a pas compris ? jusqu' ici peut-être 4/5 !!! ... "
            '" rien "',
        ),
        ({}, "! !! ! ? ?? ...", "!!! ? ??? ..."),
        ({"punctuation": False}, "aujourd'hui !", "aujourd'hui"),
        (
            {"negation": True},
            "ce n'est pas un bon film du tout",
            "ce n' est pas non_un non_bon non_film du tout",
        ),
        ({"negation": True}, "pas ! bon", "pas ! bon"),
        (
            {"drop_stop_words": True, "stop_words": ("le", "est")},
            "le film n'est pas bon",
            "film n' pas bon",
        ),
    ],
)
def test_words_are_split_as_in_french(steps: dict[str, object], text: str, words: str) -> None:
    assert Preparation.model_validate(steps).tokenise(text) == words.split()


def test_stop_words_must_not_be_negations() -> None:
    with pytest.raises(ValidationError, match="must not contain negations: without ne, pas"):
        Preparation(stop_words=("le", "pas", "ne"))


def test_a_document_has_text_words_and_stems() -> None:
    (document,) = Preparation().prepare(["Les ACTRICES sont  magnifiques !!"])

    assert document.text == "les actrices sont magnifiques !!"
    assert document.words == "les actrices sont magnifiques !!!"
    assert document.stems == "le actric sont magnif !!!"
    assert stem("décevante") == stem("décevant")
    assert stem("a") != stem("à")
