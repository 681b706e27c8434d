"""What somebody writes about another is read as if that person said it: "she wants to die" is no danger in a patient's
own story, and the whole of it in a note of whoever is beside the patient.

The words are turned to the first person, roughly, and read by the same list. What is said in the first person is read
as it stands as well: whose danger it tells of, a clinician asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sojourn.clinical.danger.reading import Danger, word_list
from sojourn.clinical.danger.shape import SEVERITIES

_ENGLISH: Final[Mapping[str, str]] = {
    "she": "i", "he": "i", "they": "i", "shes": "i am", "hes": "i am", "she's": "i am", "he's": "i am",
    "theyre": "i am", "they're": "i am", "she'll": "i will", "he'll": "i will", "they'll": "i will",
    "she'd": "i would", "he'd": "i would", "they've": "i have",
    "herself": "myself", "himself": "myself", "themself": "myself", "themselves": "myself",
    "her": "my", "his": "my", "their": "my", "does": "do", "doesn't": "do not", "doesnt": "do not",
    "isn't": "am not", "isnt": "am not", "hasn't": "have not", "hasnt": "have not", "has": "have", "is": "am",
    "says": "say", "wants": "want", "wishes": "wish", "thinks": "think", "talks": "talk", "plans": "plan",
    "feels": "feel", "hears": "hear", "sees": "see", "cuts": "cut", "hurts": "hurt", "needs": "need", "hopes": "hope",
    "keeps": "keep", "tells": "tell", "intends": "intend", "means": "mean", "threatens": "threaten",
}  # fmt: skip
_SPANISH: Final[Mapping[str, str]] = {
    "ella": "yo", "él": "yo", "se": "me", "su": "mi", "sus": "mis", "quiere": "quiero",
    "dice": "digo", "dijo": "dije", "va": "voy", "piensa": "pienso", "tiene": "tengo", "está": "estoy", "esta": "estoy",
    "puede": "puedo", "ve": "veo", "ha": "he", "desea": "deseo", "prefiere": "prefiero", "planea": "planeo",
    "oye": "oigo", "escucha": "escucho", "siente": "siento", "habla": "hablo", "encuentra": "encuentro",
    "aguanta": "aguanto", "soporta": "soporto", "necesita": "necesito",
}  # fmt: skip
_TO_THEMSELVES: Final = {
    "mata": "mato", "hace": "hago", "corta": "corto", "lastima": "lastimo", "suicida": "suicido", "tira": "tiro",
    "cortó": "corté", "tomó": "tomé",
}  # fmt: skip
_DOES_TO_THEMSELVES: Final = re.compile(rf"\bse ({'|'.join(_TO_THEMSELVES)})\b", re.IGNORECASE)
_WITHOUT_THEM: Final = re.compile(r"\bwithout (?:her|him|them)\b|\bsin (?:ella|él)\b", re.IGNORECASE)
_OWN_ENDING: Final = re.compile(r"((?:ar|er|ir|ándo|iéndo|ando|iendo))se\b", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def read_beside(text: str) -> Danger | None:
    """The worst danger in what somebody wrote about another, or about themselves; None where none was found."""
    found = [danger for each in (text, _in_english(text), _in_spanish(text)) for danger in word_list().dangers(each)]
    return min(found, key=lambda each: SEVERITIES.index(each.severity), default=None)


def _in_english(text: str) -> str:
    return _turned(_WITHOUT_THEM.sub("without me", text), _ENGLISH)


def _in_spanish(text: str) -> str:
    own = _DOES_TO_THEMSELVES.sub(lambda found: f"me {_TO_THEMSELVES[found[1].casefold()]}", text)
    return _OWN_ENDING.sub(r"\1me", _turned(_WITHOUT_THEM.sub("sin mí", own), _SPANISH))


def _turned(text: str, words: Mapping[str, str]) -> str:
    return _WORD.sub(lambda found: words.get(found[0].casefold().replace("’", "'"), found[0]), text)
