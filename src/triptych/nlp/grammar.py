"""The words of the embedded sample: nouns with gender and number, adjectives in four forms."""

Adjective = tuple[str, str, str, str]

# Aspects of a film by the form of their adjective: masculine, feminine, and the plurals.
_NOUNS = (
    ("le scénario", "le rythme", "le montage", "le casting", "le jeu d'acteurs", "l'humour",
     "le dénouement"),
    ("l'histoire", "la mise en scène", "la musique", "l'intrigue", "la photographie",
     "l'interprétation"),
    ("les acteurs", "les dialogues", "les décors", "les personnages", "les effets spéciaux"),
    ("les actrices", "les images", "les scènes d'action"),
)  # fmt: skip
ASPECTS = [(noun, form) for form, nouns in enumerate(_NOUNS) for noun in nouns]


def _inflect(words: str) -> list[Adjective]:
    """The four forms of regular adjectives, separated by spaces."""
    singular = [(word, word if word.endswith("e") else f"{word}e") for word in words.split()]
    return [(his, her, f"{his}s", f"{her}s") for his, her in singular]


GOOD = (
    *_inflect("magnifique superbe sublime drôle admirable remarquable sensible"),
    *_inflect("réussi captivant touchant émouvant brillant passionnant soigné"),
    ("génial", "géniale", "géniaux", "géniales"),
    ("excellent", "excellente", "excellents", "excellentes"),
    ("merveilleux", "merveilleuse", "merveilleux", "merveilleuses"),
    ("bon", "bonne", "bons", "bonnes"),
)
BAD = (
    *_inflect("ridicule médiocre pénible insipide pitoyable vide minable"),
    *_inflect("raté lassant décevant ennuyant bâclé affligeant plat"),
    ("nul", "nulle", "nuls", "nulles"),
    ("ennuyeux", "ennuyeuse", "ennuyeux", "ennuyeuses"),
    ("mauvais", "mauvaise", "mauvais", "mauvaises"),
    ("creux", "creuse", "creux", "creuses"),
)
INTENSITIES = ("", "", "vraiment ", "très ", "tellement ", "assez ", "plutôt ", "franchement ")
VERBS = (("est", "n'est"), ("est", "n'est"), ("sont", "ne sont"), ("sont", "ne sont"))

GOOD_VERDICTS = (
    "Un chef-d'œuvre", "À voir absolument", "Je recommande", "On en sort ravi", "Quel bonheur",
    "Je l'ai adoré", "J'ai passé un excellent moment", "Un vrai coup de cœur", "Bravo",
    "On ne s'ennuie jamais", "Rien à redire", "Impossible de ne pas aimer",
)  # fmt: skip
BAD_VERDICTS = (
    "Un navet", "À éviter", "Je ne recommande pas", "Quelle déception", "Quel ennui",
    "J'ai perdu mon temps", "Je me suis endormi", "Une honte", "Passez votre chemin",
    "Aucun intérêt", "Rien ne fonctionne", "Je n'ai pas aimé du tout",
)  # fmt: skip
GOOD_RATINGS, BAD_RATINGS = ("4/5", "5/5", "9/10", "18/20"), ("1/5", "0/5", "2/10", "4/20")
GOOD_SIGNS, BAD_SIGNS = (":-)", ":)", "^^", "<3", "!!!"), (":-(", ":(", "-_-", "...", "???")

PEOPLE = ("une institutrice", "un vieux pêcheur", "une avocate", "un gendarme",
          "un enfant trouvé", "une violoniste", "un boulanger", "une bande de voleurs")  # fmt: skip
DEEDS = ("poursuit", "retrouve", "rencontre", "doit protéger",
         "aime en secret", "surveille", "affronte", "engage")  # fmt: skip
PLACES = ("en Bretagne", "à Marseille", "dans les Alpes", "au bord de la mer", "à la ferme",
          "dans un hôtel désert", "à Paris", "sur une île", "au temps des rois")  # fmt: skip
ASIDES = (
    "Je l'ai vu {} avec des amis", "C'est le premier film de ce réalisateur que je vois {}",
    "La séance était pleine {}", "Il dure près de deux heures", "C'est adapté d'un roman {}",
    "On l'avait annoncé depuis longtemps", "Le titre original est bien plus long",
)  # fmt: skip
WHEN = ("hier", "dimanche", "en 2009", "au cinéma", "à la télé", "l'an dernier", "ce soir")
TITLE_NOUNS = ("Nuit", "Route", "Maison", "Rivière", "Promesse", "Saison", "Lettre", "Ombre")
TITLE_ENDS = ("de verre", "sans fin", "d'hiver", "perdue", "des autres", "du silence", "rouge")
