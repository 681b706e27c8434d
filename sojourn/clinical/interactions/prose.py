"""Medicines in what somebody wrote: a list pasted as prose, a line with a product of several ingredients.

Nothing that was written is lost: what names no medicine comes back as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from sojourn.clinical.interactions.medicines import SLIP_FROM, Medicine, Names, exact, fold, key_of, written
from sojourn.clinical.slips import one_slip

# What stands between two medicines. A full stop does so after a word or a unit, not in "0.5 mg" or "Dr. Ruiz".
_BETWEEN: Final = re.compile(
    r"[;\n\r\t•·|]+|,(?!\d)|(?:(?<=\w\w\w)|(?<=\bmg)|(?<=\bml)|(?<=\d))\.(?=\s|$)|\s[-–—*]\s|^\s*[-–—*]\s|(?:\b(?:and|plus|also|with|y|más|mas|"
    r"también|tambien|con)\b|&|\+)",
    re.IGNORECASE | re.MULTILINE,
)
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# After a bare number these say how often or how much: "Tylenol 3 times a day" is no Tylenol No. 3.
_COUNTED: Final = frozenset(
    (
        *("x", "times", "time", "tablet", "tablets", "tabs", "pill", "pills", "cap", "caps", "capsules", "drops"),
        *("mg", "g", "ml", "mcg", "a", "per", "daily", "day", "days", "hours", "veces", "vez", "tabletas", "al", "por"),
        *("pastillas", "comprimidos", "capsulas", "gotas", "diarias", "dias", "horas"),
    )
)


def recognise(text: str, names: Names) -> tuple[tuple[str, Medicine | None], ...]:
    """The pieces of a medicine list written as prose, each with the medicine it names, or None.

    Every piece of the text that holds a letter comes back, in order, so that nothing that was written is lost. A piece
    that names two medicines comes back twice. A combination product is one piece, whatever words stand in its name.
    """
    marked, products = _mark_products(text, names)
    found: list[tuple[str, Medicine | None]] = []
    for piece in _pieces(marked):
        named = tuple(_named(piece, names, products))
        whole = _unmark(piece, products)
        found += [(whole, each) for each in named] or [(whole, None)]
    return tuple(found)


def _mark_products(text: str, names: Names) -> tuple[str, dict[str, tuple[str, Medicine]]]:
    """The text with every product's name replaced by one word, and what each of those words stands for: the names hold
    words ("with", "&") that would otherwise part two medicines."""
    words = list(_WORD.finditer(text))
    products: dict[str, tuple[str, Medicine]] = {}
    out, done, place = [], 0, 0
    while place < len(words):
        hit = _product_at(text, words, place, names)
        if hit is None:
            place += 1
            continue
        last, product = hit
        start, end = words[place].start(), words[last].end()
        mark = f"zq{len(products)}zq"
        products[mark] = (text[start:end], product)
        out += [text[done:start], mark]
        done, place = end, last + 1
    return "".join((*out, text[done:])), products


def _product_at(text: str, words: list[re.Match[str]], place: int, names: Names) -> tuple[int, Medicine] | None:
    """The longest product name that begins with this word, and its last word."""
    best: tuple[int, Medicine] | None = None
    key: tuple[str, ...] = ()
    if not key_of(words[place].group()):
        return None  # "and Tylenol PM": the word parts two medicines and begins none
    for last in range(place, len(words)):
        if _NEW_LINE.search(text, words[place].start(), words[last].start()):
            break
        key += key_of(words[last].group())
        if len(key) > names.longest_product:
            break
        product = names.products.get(key)
        if product is not None and key_of(words[last].group()) and not _counted(text, words, last):
            best = last, product
    return best


_NEW_LINE: Final = re.compile(r"[;,\n\r\t•·|]")


def _counted(text: str, words: list[re.Match[str]], last: int) -> bool:
    """Whether the number at the end of a name may say how often, and is no part of the name."""
    if not words[last].group().isdigit() or last == 0:
        return False
    before = text[words[last - 1].end() : words[last].start()]
    if "#" in before or "-" in before or words[last - 1].group().casefold() in ("no", "nº", "n", "nr", "num"):
        return False
    return last + 1 < len(words) and fold(words[last + 1].group()) in _COUNTED


def _unmark(piece: str, products: dict[str, tuple[str, Medicine]]) -> str:
    for mark, (was, _product) in products.items():
        piece = piece.replace(mark, was)
    return " ".join(piece.split())


def _pieces(text: str) -> Iterator[str]:
    for piece in _BETWEEN.split(text):
        kept = " ".join((piece or "").split()).strip(" .,:()[]")
        if any(letter.isalpha() for letter in kept):
            yield kept


def _named(piece: str, names: Names, products: dict[str, tuple[str, Medicine]]) -> Iterator[Medicine]:
    """The medicines that a piece names: the longest run of words that is a name, then on from there."""
    words = fold(piece).split()
    seen: list[str] = []
    start = 0
    while start < len(words):
        for length in range(min(names.longest, len(words) - start), 0, -1):
            run = " ".join(words[start : start + length])
            hit = products[run][1] if run in products else names.medicine.get(run)
            hit = hit or (_slipped(run, names) if length == 1 else None)
            if hit is not None:
                if hit.name not in seen:
                    seen.append(hit.name)
                    yield hit
                start += length - 1
                break
        start += 1


def _slipped(word: str, names: Names) -> Medicine | None:
    """The one medicine that the word misses by one letter; None where there is none, or two."""
    if len(word) < SLIP_FROM:
        return None
    near = {each.name: each for name, each in names.medicine.items() if len(name) >= SLIP_FROM and one_slip(word, name)}
    return next(iter(near.values())) if len(near) == 1 else None


# --- one line of a person's list ---

JOINED: Final = " + "  # between the medicines of a line that names several

# Words that say how a medicine is taken, and name none.
_EVERYDAY_WORDS: Final = (
    "mg mcg ug ml iu tablet tablets tab tabs pill pills cap caps capsule capsules drop drops puff puffs "
    "spray patch dose doses once twice three times daily day days week weeks weekly month months hour "
    "hours every each morning evening night nights noon midday bedtime breakfast lunch dinner meal meals "
    "food water milk juice needed need when only half the for and with then from my our her his pain "
    "sleep anxiety more less about sometimes often always never before after slow release extended "
    "retard forte generic strength extra baby low high chewable tableta tabletas pastilla pastillas "
    "comprimido comprimidos capsula capsulas gota gotas parche dosis una dos tres vez veces dia dias "
    "diario diaria semana semanas mes hora horas cada por manana tarde noche noches desayuno comida "
    "comidas cena agua leche cuando necesario solo media medio para dolor dormir ansiedad antes despues "
    "tambien poco one two mouth boca "
)
_EVERYDAY: Final = frozenset(_EVERYDAY_WORDS.split())
_PARTED: Final = re.compile(
    r"[/+;,\n\r\t•·|()\[\]>]|&|(?:(?<=\w\w\w)|(?<=\bmg)|(?<=\bml)|(?<=\d))\.(?=\s|$)|\s[-–—*]\s|"
    r"\b(?:and|plus|with|also|then|or|y|con|mas|más|también|tambien|luego|o)\b",
    re.IGNORECASE,
)
# A dose; what stands behind it is another medicine, or how the first is taken.
_DOSE: Final = re.compile(r"\b[0-9]+(?:[.,][0-9]+)?\s?(?:mg|mcg|ug|g|ml|iu|units?|%)?\b", re.IGNORECASE)
# From here a line says why or when something is taken.
_REASON: Final = re.compile(
    r"\b(?:for|because|when|if|since|until|before|after|para|porque|cuando|si|desde|hasta)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_ONLY_REASON: Final = re.compile(r"\s*(?:for|because|para|porque)\s+\w+\s*", re.IGNORECASE)
# Abbreviations of how something is taken, and of how a tablet is made.
_TAKEN_AS: Final = frozenset(
    (
        *(
            "mane",
            "nocte",
            "bid",
            "tid",
            "qid",
            "qhs",
            "qam",
            "qpm",
            "qod",
            "prn",
            "tds",
            "qds",
            "sos",
            "stat",
            "daily",
        ),
        *("oral", "orally", "sublingual", "inhaler", "inhaled", "cream", "ointment", "injection", "solution", "syrup"),
        *("liquid", "gel", "film", "strip", "nasal", "eye", "ear", "eyes", "units", "unit", "max", "maximum", "twice"),
        *("inhalador", "crema", "pomada", "jarabe", "inyeccion", "nariz", "unidades", "maximo", "ojos", "ayunas"),
        *("currently", "usually", "regularly", "stopped", "started", "last", "year", "years", "ago", "total", "took"),
    )
)
# "Pain pills" and "pastillas para dormir" say that there is a medicine, and not which.
_WHAT_FOR: Final = r"(?:sleep|sleeping|pain|anxiety|dormir|dolor|ansiedad)"
_SHAPE: Final = r"(?:pills?|tablets?|tabs?|caps?|capsules?|drops?|patch|patches|pastillas?|tabletas?|gotas?|parches?)"
_NAMELESS: Final = re.compile(
    rf"\b{_WHAT_FOR}\s+{_SHAPE}\b|^\s*(?:(?:my|some|a|las|los|unas|mis)\s+)?{_SHAPE}\s+(?:for|to|para|de|contra)\b.*\b{_WHAT_FOR}\b",
    re.IGNORECASE,
)
# "T3", "B12", "2C-B": a short name with a number; not "x2" or "q6h".
_SHORT_NAME: Final = re.compile(r"\s*(?![xq]\d)[a-z]{1,2}-?\d{1,2}\s*|\s*\d[a-z]-[a-z]\s*", re.IGNORECASE)


def taken(text: str, chosen: str | None, names: Names, *, route: str = "") -> tuple[Medicine, ...]:
    """The ingredients of one line of a person's list, each with the product it came in.

    ``chosen`` is the medicine that was picked or recognised when the line was written: "" where nothing fitted, so that
    a person must look at it; None where nobody was asked. What the words name beyond it counts as well, so that a list
    that has grown reads old lines anew. What nobody knows comes back written.
    """
    named = [(piece, each) for piece, each in recognise(text, names) if each is not None]
    several = len({piece for piece, _each in named}) > 1
    way = route or ("" if several else _way(text))  # each of several is taken in its own way
    found = [replace(part, route=_way(piece) or part.route) for piece, each in named for part in ingredients(each)]
    found += _of_choice(chosen, names)
    unread = [written(each) for each in _unread(text, names)] if named else []
    if chosen == "" or not found:
        unread = [written(text)]
    apart: dict[str, Medicine] = {}
    for each in (*found, *unread):
        apart.setdefault(fold(each.name), replace(each, route=way or each.route))
    return tuple(apart.values())


def ingredients(medicine: Medicine) -> tuple[Medicine, ...]:
    """What a medicine holds: itself, or the parts of a product, each with its name inside."""
    if not medicine.parts:
        return (medicine,)
    return tuple(replace(each, inside=each.inside or medicine.name) for each in medicine.parts)


def together(named: tuple[Medicine, ...]) -> str:
    """One name for everything that a line names, as ``by_name`` reads it again."""
    return JOINED.join(each.name for each in named)


def by_name(text: str, names: Names) -> Medicine:
    """The medicine or product of exactly this name, several joined as ``together`` writes them, else what was
    written."""
    hit = exact(text, names) or names.products.get(key_of(text))
    if hit is not None:
        return hit
    several = [exact(each, names) for each in text.split(JOINED)]
    if all(several):
        parts = tuple(part for each in several if each for part in ingredients(each))
        return Medicine(text, parts=parts)
    return written(text)


def _of_choice(chosen: str | None, names: Names) -> tuple[Medicine, ...]:
    return ingredients(by_name(chosen, names)) if chosen else ()


def _unread(text: str, names: Names) -> Iterator[str]:
    """The parts of a line that name no medicine and are more than how it is taken."""
    marked, products = _mark_products(text, names)
    for part in _PARTED.split(marked):
        if not any(_named(part, names, products)):
            if (
                (_strange(part) and not _ONLY_REASON.fullmatch(part))
                or _SHORT_NAME.fullmatch(part)
                or _NAMELESS.search(part)
            ):
                yield " ".join(part.split())
            continue
        for pair in _HYPHENED.findall(part):
            yield from () if exact(pair, names) else _unread_of_pair(pair, names)
        yield from _unread_behind_a_dose(part, names, products)
        if _sold_with_more(part, names, products):
            yield _unmark(part, products)


# Behind a brand these say that it holds more than the brand alone: "Excedrin PM" is not Excedrin.
_MORE_INSIDE: Final = frozenset(
    (
        *("pm", "d", "dm", "cold", "flu", "cough", "sinus", "severe", "night", "nighttime", "hct", "comp", "compound"),
        *("compuesto", "ac", "ns", "gripe", "resfriado", "noche", "codeine", "codeina", "combi", "plus"),
    )
)


def _sold_with_more(part: str, names: Names, products: dict[str, tuple[str, Medicine]]) -> bool:
    words = fold(part).split()
    return any(
        word in _MORE_INSIDE and exact(word, names) is None and any(_named(before, names, products))
        for before, word in pairwise(words)
    )


def _unread_behind_a_dose(part: str, names: Names, products: dict[str, tuple[str, Medicine]]) -> Iterator[str]:
    """What follows the first dose, names nothing, and says more than how or why it is taken: in "Sertraline 50 mg Percs
    10 mg" the second medicine."""
    for said in _DOSE.split(part)[1:]:
        kept = " ".join(_REASON.sub("", said).strip(" .:-").split())
        if not any(_named(kept, names, products)) and _strange(kept, _EVERYDAY | _TAKEN_AS):
            yield kept


# Two ingredients joined by a hyphen, as in dextromethorphan-quinidine; not "slow-release" or "co-codamol".
_HYPHENED: Final = re.compile(r"[^\W\d_]{5,}(?:-[^\W\d_]{5,})+")


def _unread_of_pair(pair: str, names: Names) -> Iterator[str]:
    return (each for each in pair.split("-") if _strange(each) and not any(_named(each, names, {})))


def _strange(part: str, usual: frozenset[str] = _EVERYDAY) -> bool:
    """Whether the words say more than how something is taken."""
    return any(len(each) > 2 and each.isalpha() and each not in usual for each in fold(part).split())


_WAYS: Final = {
    "other": {
        "eye",
        "eyes",
        "ophthalmic",
        "ear",
        "ears",
        "otic",
        "rectal",
        "vaginal",
        "suppository",
        "suppositories",
        "ojo",
        "ojos",
        "oftalmico",
        "oftalmica",
        "oido",
        "oidos",
        "colirio",
        "supositorio",
        "supositorios",
    },
    "nose": {"nasal", "nasally", "nasales", "nose", "nostril", "nostrils", "intranasal", "nariz"},
    "inhaled": {
        "inhaler",
        "inhalers",
        "inhaled",
        "inhalation",
        "inhalador",
        "inhalado",
        "puffer",
        "turbuhaler",
        "diskus",
        "accuhaler",
        "evohaler",
        "hfa",
        "mdi",
        "nebulizer",
        "nebuliser",
        "nebulized",
        "nebulised",
        "neb",
        "nebs",
        "nebulizado",
        "nebulizador",
    },
    "skin": {
        "cream",
        "ointment",
        "crema",
        "pomada",
        "patch",
        "patches",
        "parche",
        "parches",
        "shampoo",
        "champu",
        "lotion",
    },
    "injection": {"injection", "injected", "inyeccion", "depot"},
    "mouth": {"tablet", "tablets", "capsule", "capsules", "pill", "pills", "comprimido", "comprimidos", "jarabe"},
}


def _way(text: str) -> str:
    """How it is taken, where the words themselves say so."""
    words = set(fold(text).split())
    return next((way for way, said in _WAYS.items() if words & said), "")
