"""How hard a text is to read: the grade of Flesch and Kincaid for English, INFLESZ for Spanish.

Sources: Kincaid, Fishburne, Rogers and Chissom 1975 (Naval Technical Training Command, Research Branch Report 8-75);
Barrio-Cantalejo et al. 2008, An Sist Sanit Navar 31:135-152 (INFLESZ: the formula of Szigriszt-Pazos, "normal" from 55
points). Spanish syllables follow from the spelling; English ones are estimated by groups of vowels and by what is
silent or spoken apart (the dictionary that would know them, CMU's, comes for Python under a licence that is not ours).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

GRADE_AT_MOST: Final = 8.0
INFLESZ_AT_LEAST: Final = 55.0
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")

_SPANISH = re.compile(r"[iuüy]?[aeoáéó][iuüy]?|[íú]|[iuüy]+")
_ENGLISH = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?<=[^aeiouyl])e$|(?<=[aeiouy]l)e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouyszxhcgl])es$|(?<=[aeiouy]l)es$"
    r"|(?<=some)(?=t|o)|(?<=^safe)(?=t|l)"
)
_APART = re.compile(
    r"(?<!l)i[aou]|sui|(?<![gq])u[ao]|eo|[aeiouy]ing\b|iet|dea|rea(?=[lt][ei]|c)|[^aeiouy]ism\b|(?<!t)ien[ct]|ea\b|lia"
)
_TOGETHER = re.compile(r"[cst]i[ao](?!tion)|gion|[gx]iou|eou|peop|[nmts]ea\b")


@cache
def syllables(word: str, language: str) -> int:
    """How many syllables a word has, one at least."""
    spoken = word.lower()
    return max(1, _spanish(spoken) if language == "es" else sum(map(_english, re.split(r"['’-]", spoken))))


def _spanish(word: str) -> int:
    word = re.sub(r"qu(?=[eéií])|gu(?=[eéií])", "q", word)
    return len(_SPANISH.findall(word))


def _english(word: str) -> int:
    count = len(_ENGLISH.findall(word)) - len(_SILENT.findall(word)) + len(_APART.findall(word))
    return count - len(_TOGETHER.findall(word))


def level(sentences: Iterable[str], language: str) -> float:
    """The grade of an English text (lower is easier), the INFLESZ points of a Spanish one (higher is easier). Numbers
    are left out. Raises ValueError for a text without words."""
    counted = [found for sentence in sentences if (found := _WORD.findall(sentence))]
    words = sum(map(len, counted))
    if not words:
        raise ValueError("a text without words has no level")
    spoken = sum(syllables(word, language) for sentence in counted for word in sentence)
    if language == "es":
        return 206.835 - 62.3 * spoken / words - words / len(counted)
    return 0.39 * words / len(counted) + 11.8 * spoken / words - 15.59


def easy(points: float, language: str) -> bool:
    return points >= INFLESZ_AT_LEAST if language == "es" else points <= GRADE_AT_MOST
