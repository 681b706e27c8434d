"""The one reader of numbers that people write, whatever the door: a form, a file, a command.

The law, for everybody alike and in no language in particular:

- Digits 0 to 9, a minus in front at most, and one decimal mark at most: the point and the comma mean the same
  ("35.5" and "35,5" are 35.5).
- One mark with one to three digits before it and exactly three behind it can be read two ways: "1,408" is 1408 in
  one country and 1.408 in the next, and so is "1.408". It is refused. Before such a mark a zero alone is no thousand:
  "0.125" is read. Four digits behind the mark are no thousand either: 1.408 is written "1.4080".
- Marks and spaces for the thousands are never read, also where only one reading is left ("1,408.5", "1 408", "1'408"):
  a slip of the hand looks the same.
- "<5", "5-6", "1e3", "0x10", "inf", "5.", "+5" and digits of other scripts are no numbers here. "<5" is never 5.
- A unit behind the number must be the one that is asked; another is named, never converted and never guessed.

:func:`written` writes every number so that :func:`read_number` reads the same. Numbers that a standard defines (JSON,
HL7's NM, TOML) have a grammar of their own, with the point alone, and are not read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from sojourn.clinical.units import code_of

Why = Literal["empty", "not-a-number", "two-ways", "grouped", "bound", "several", "unit", "not-whole"]
MOST_DIGITS: Final = 15  # a binary number holds as many exactly; nobody writes more
_LONGEST: Final = 60  # a cell of a file may hold a book: it is neither looked through nor shown whole

_PLAIN: Final = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]*)(?:[.,](?P<part>[0-9]+))?")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")
_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(?:[.,'’٬ \u00a0\u2009\u202f][0-9]{2,3})+(?:[.,][0-9]+)?")
_BOUND: Final = re.compile(r"(?:<|>|≤|≥|=|~|≈|±)")
_SEVERAL: Final = re.compile(r"[0-9.,]+\s*(?:-|–|—|/|\.\.|to|a)\s*[0-9.,]+")
_WITH_UNIT: Final = re.compile(r"(?P<number>[+-]?[0-9.,'’]*[0-9.,])\s*(?P<unit>(?:/?[^\W\d_]|[%°µμ\[{]).*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NumberRefusal:
    """Why a text is not taken as a number. ``whole`` and ``part``: the two readings of "two-ways", as they are written
    so that only one is left; ``unit``: the unit that was written, for "unit"."""

    why: Why
    text: str
    whole: str = ""
    part: str = ""
    unit: str = ""


def read_number(text: str) -> Decimal | NumberRefusal:
    """The number that a person wrote, exactly; or why it is none."""
    plain = text.strip().replace("\u2212", "-")
    if not plain:
        return NumberRefusal("empty", "")
    if len(plain) > _LONGEST:
        return NumberRefusal("not-a-number", f"{plain[:_LONGEST]}…")
    found = _PLAIN.fullmatch(plain)
    if found is None or not (found["whole"] or found["part"]):
        return NumberRefusal(_why_not(plain), plain)
    if len(found["whole"]) + len(found["part"] or "") > MOST_DIGITS:
        return NumberRefusal("not-a-number", plain)
    unsigned = plain.lstrip("-")
    if _THOUSANDS.fullmatch(unsigned) and int(found["whole"]):
        sign, digits, part = found["sign"], found["whole"].lstrip("0"), found["part"]
        return NumberRefusal(
            "two-ways", plain, whole=f"{sign}{digits}{part}", part=f"{sign}{digits}{unsigned[-4]}{part}0"
        )
    value = Decimal(f"{found['sign']}{found['whole'] or 0}.{found['part'] or 0}")
    return _trimmed(value)


def read_whole(text: str) -> int | NumberRefusal:
    """A whole number that a person wrote; 5.0 is none, since somebody who writes it means something else."""
    found = read_number(text)
    if isinstance(found, NumberRefusal):
        return found
    if "." in text or "," in text:
        return NumberRefusal("not-whole", text.strip())
    return int(found)


def read_amount(text: str, unit: str) -> Decimal | NumberRefusal:
    """A number where ``unit`` (a code or the sign that is shown) is asked; the unit may be written behind it.

    With ``unit`` "" no unit may stand there.
    """
    found = None if len(text) > _LONGEST else _WITH_UNIT.fullmatch(text.strip())
    if found is None or (
        isinstance(number := read_number(found["number"]), NumberRefusal) and number.why == "not-a-number"
    ):
        return read_number(text)
    if not _could_be_unit(found["unit"]):
        return read_number(text)
    if not unit or code_of(found["unit"]) != code_of(unit):
        return NumberRefusal("unit", text.strip(), unit=found["unit"].strip())
    return number


def written(value: Decimal | float, mark: str = ".") -> str:
    """The number with ``mark`` as its decimal mark, so that it can be read in one way only: 1.408 is "1.4080"."""
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    text = format(_trimmed(exact), "f")
    if isinstance(read_number(text), NumberRefusal):
        text += "0"
    return text.replace(".", mark)


def _why_not(plain: str) -> Why:
    if _BOUND.match(plain):
        return "bound"
    if _GROUPED.fullmatch(plain):
        return "grouped"
    return "several" if _SEVERAL.fullmatch(plain) else "not-a-number"


def _could_be_unit(text: str) -> bool:
    """Whether this is a unit and not the rest of another writing: "1e3" and "0x10" have digits behind their letter."""
    return re.fullmatch(r"[eExX][+-]?[0-9a-fA-F]+", text) is None and len(text) <= 20


def _trimmed(value: Decimal) -> Decimal:
    """Without zeros that say nothing, and never as a power of ten."""
    return Decimal(int(value)) if value == value.to_integral_value() else value.normalize()
