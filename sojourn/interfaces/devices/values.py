"""The small pieces of an HL7 v2 message: its bytes as text, its separators, escapes, numbers and times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final, TypeVar

from .framing import BOM
from .results import Fault

K = TypeVar("K")
V = TypeVar("V")


class Kept(dict[K, V]):
    """What was worked out once. Senders choose the keys, so it is emptied when it is full."""

    def __init__(self, most: int = 4_096) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: K, value: V) -> None:
        if len(self) >= self.most:
            self.clear()
        super().__setitem__(key, value)


@dataclass(frozen=True, slots=True)
class Separators:
    """MSH-1 and MSH-2. What the sender does not name is "" (the repetition NUL: no text holds it)."""

    field: str
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    def parts(self, text: str) -> list[str]:
        """The components of the first repetition, unescaped."""
        return [self.plain(p) for p in text.partition(self.repetition)[0].split(self.component)]

    def first(self, text: str) -> str:
        return self.plain(text.partition(self.component)[0])

    def plain(self, text: str) -> str:
        """A simple value: unescaped, trimmed, HL7's explicit null as nothing."""
        if self.escape and self.escape in text:
            text = unescape(text, self)
        text = text.strip()
        return "" if text == '""' else text


USUAL: Final = Separators("|")
NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,9})?")
_LOOSE: Final = re.compile(
    r"(?P<cmp><=|>=|=|<|>)?\s*(?P<num>[+-]?(?:[0-9]{1,30}(?:[.,][0-9]{0,30})?|[.,][0-9]{1,30}))"
    r"(?:\s*[x×*]\s*10\s*\^?\s*(?P<ten>[+-]?[0-9]{1,4})|\s*[eE](?P<exp>[+-]?[0-9]{1,4}))?"
)
_THOUSANDS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_COMPARATORS: Final = ("", "=", "<", ">", "<=", ">=")
_INFINITE: Final = frozenset({"inf", "infinity"})  # the special numbers of ISO/IEEE 11073
_LARGEST: Final = 1e15  # beyond it a number is nothing that was measured
_TIME: Final = re.compile(
    r"(?P<date>[0-9]{8})(?P<hm>[0-9]{4})?(?P<s>[0-9]{2})?(?:\.(?P<f>[0-9]{1,9})|(?P<ms>[0-9]{1,6}))?"
    r"(?P<z>Z|[+-][0-9]{2}:?(?:[0-9]{2})?)?"
)
_CODED: Final = frozenset({"CE", "CWE", "CNE", "CF"})
_CHARSETS: Final = {  # HL7 table 0211, and what senders write instead
    "": "utf-8", "ASCII": "utf-8", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8",
    "UNICODE": "utf-8", "ISO IR6": "utf-8",
    "8859/1": "latin-1", "8859/2": "iso8859-2", "8859/3": "iso8859-3", "8859/4": "iso8859-4",
    "8859/5": "iso8859-5", "8859/6": "iso8859-6", "8859/7": "iso8859-7", "8859/8": "iso8859-8",
    "8859/9": "iso8859-9", "8859/15": "iso8859-15", "ISO IR14": "shift_jis", "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1", "GB 18030-2000": "gb18030", "GB18030": "gb18030", "GBK": "gbk",
    "GB2312": "gb2312", "KS X 1001": "euc_kr", "CNS 11643-1992": "big5", "BIG-5": "big5",
}  # fmt: skip
_FORMATS: Final = {
    ".br": "\n", ".sp": "\n", ".ce": "\n", ".fi": "", ".nf": "", ".in": "", ".ti": "", ".sk": " ",
}  # fmt: skip
_UNNAMED: Final = "\x00"  # no decoded text holds it


def decode(raw: bytes, warnings: dict[str, None]) -> str:
    """Bytes as text: as MSH-18 declares, else UTF-8, else Latin-1; each step aside warns. NUL never."""
    if raw.isascii() and b"\x1b" not in raw and b"\x00" not in raw:
        return raw.decode("ascii")
    text = _decode(raw, warnings)
    if "\x00" in text:
        warnings["nul:"] = None  # a database keeps no NUL in a text
        text = text.replace("\x00", "")
    return text


def _shown(text: str) -> str:
    """A sender's word as it can stand in a warning: short, and without what cannot be seen."""
    return "".join(each if each.isprintable() else "?" for each in text[:30])


def _decode(raw: bytes, warnings: dict[str, None]) -> str:
    if raw.startswith(BOM):
        raw = raw.removeprefix(BOM)
        warnings["charset:byte order mark"] = None
    wide = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"M\x00": "utf-16-le", b"\x00M": "utf-16-be"}.get(raw[:2])
    if wide:
        warnings["charset:UTF-16"] = None
        return raw.decode(wide, "replace")
    declared = ""
    head = raw.lstrip(b" \t\r\n\x00")[:2000].replace(b"\n", b"\r").partition(b"\r")[0]
    if sep := head[3:4]:
        parts = head.split(sep)
        if len(parts) > 17:
            declared = parts[17].partition(b"~")[0].decode("latin-1").strip().upper()
    codec = _CHARSETS.get(declared, "")
    if codec:
        try:
            text = raw.decode(codec)
        except UnicodeError:
            warnings[f"charset:not {_shown(declared) or 'UTF-8'} as declared"] = None
        else:
            if declared == "ASCII" and not raw.isascii():
                warnings["charset:beyond ASCII"] = None
            return text
    else:
        warnings["charset:unknown " + _shown(declared)] = None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def header(  # noqa: PLR0911 - one way out for each fault
    text: str, warnings: dict[str, None]
) -> tuple[Separators, list[str]] | Fault:
    """The separators, and MSH split: MSH-n is item n - 1. At least twelve items."""
    if not text.startswith("MSH"):
        if not text.strip():
            return Fault("empty", "The message is empty.", "AR")
        if text[:3] in ("FHS", "BHS"):
            return Fault("batch", "The batch holds no message.", "AR")
        return Fault("no_header", "The message does not begin with MSH.", "AR")
    line = text.partition("\r")[0]
    sep = line[3:4]
    if not sep or sep.isalnum() or sep.isspace():
        return Fault("separators", "MSH names no field separator.", "AR")
    msh = line.split(sep)
    if len(msh) < 9:
        return Fault("no_type", "MSH is too short to say what the message is.", "AR")
    msh += [""] * (12 - len(msh))
    chars = msh[1]
    if sep == "|" and chars == "^~\\&":
        return USUAL, msh
    seps = _separators(sep, chars, warnings)
    return seps if isinstance(seps, Fault) else (seps, msh)


def _separators(sep: str, chars: str, warnings: dict[str, None]) -> Separators | Fault:
    used = chars[:5]
    if not used or len({sep, *used}) != len(used) + 1 or any(c.isalnum() or c.isspace() for c in used):
        return Fault("separators", "MSH-2 names no usable encoding characters.", "AR")
    if len(used) < 4:
        warnings["encoding_characters:" + used] = None
        if len(used) == 3 and used[2] == "&":  # the backslash was lost on the way, as in some senders
            used = used[:2] + _UNNAMED + "&"
        used += _UNNAMED * (4 - len(used))
    component, repetition, escape, sub = list(used[:4])
    return Separators(sep, component, repetition, escape.replace(_UNNAMED, ""), sub.replace(_UNNAMED, ""))


def unescape(text: str, seps: Separators) -> str:
    """HL7 escapes: separators, hexadecimal bytes, and formatting as spaces and lines; others stay."""
    esc = seps.escape
    out: list[str] = []
    position = 0
    while True:
        begin = text.find(esc, position)
        end = text.find(esc, begin + 1) if begin >= 0 else -1
        if end < 0:
            out.append(text[position:])
            return "".join(out)
        out.append(text[position:begin])
        replacement = _meaning(text[begin + 1 : end], seps)
        if replacement is None:
            out.append(text[begin:end])  # no escape: its end may begin another
            position = end
            if end == len(text) - 1:
                out.append(esc)
                return "".join(out)
        else:
            out.append(replacement)
            position = end + 1


def _meaning(word: str, seps: Separators) -> str | None:
    if len(word) == 1:
        return {
            "F": seps.field, "S": seps.component, "T": seps.subcomponent, "R": seps.repetition,
            "E": seps.escape, "P": "#", "H": "", "N": "",
        }.get(word)  # fmt: skip
    if word[:1] == "X":
        try:
            data = bytes.fromhex(word[1:]).replace(b"\x00", b"")
        except ValueError:
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("latin-1")
    if word[:3] in _FORMATS:
        return _FORMATS[word[:3]]
    # other character sets and local escapes have no plain form
    return "" if word[:1] in ("C", "M", "Z") and len(word) < 20 else None


def loose_number(text: str, kind: str, seps: Separators, blanks: frozenset[str]) -> tuple[float, str] | str:
    """A value and its comparator, or why there is none: see words.NOT_MEASURED and words.UNMAPPED.

    Takes what monitors write beside plain numbers: a decimal comma, 2.73x10^-7, <10, SN's ^number, a coded
    value that is a number. HL7 defines its NM itself, with the point alone and no thousands, so 1.408 has one reading
    here and the reader of what people write (sojourn.clinical.numbers) is not asked. A comma is outside the standard:
    where it can be read two ways, as in 1,408, the value is left out and said to be no number.
    """
    text = text.strip()
    if text.casefold() in blanks:
        return "sentinel"
    bound = ""
    if seps.component in text:
        parts = [p.strip() for p in text.rstrip(seps.repetition).split(seps.component)]
        if kind == "SN" and len(parts) > 1:
            structured = _structured(parts)
            if isinstance(structured, str):
                return structured
            bound, text = structured
        elif kind in _CODED or not any(parts[1:]):
            text = parts[0]
    return _number(seps.plain(text.rstrip(seps.repetition)), bound, blanks)


def _structured(parts: list[str]) -> tuple[str, str] | str:
    """HL7's SN, comparator^number^separator^number: its comparator and number where it is one number."""
    if any(parts[2:]):
        return {"-": "range", ":": "ratio", "/": "ratio"}.get(parts[2], "not_a_number")
    if parts[0] not in _COMPARATORS:
        return ("", parts[0]) if not parts[1] else "not_a_number"
    return parts[0], parts[1]


def _number(text: str, bound: str, blanks: frozenset[str]) -> tuple[float, str] | str:
    """A number with what may stand before and behind it."""
    if not text:
        return "empty"
    plain = text.casefold()
    if plain in blanks:
        return "sentinel"
    if plain.lstrip("+-") in _INFINITE:
        return "out_of_range"
    text = text.replace("≤", "<=").replace("≥", ">=")
    found = _LOOSE.fullmatch(text) if len(text) < 80 else None
    digits = found["num"] if found else text
    if "," in digits and _THOUSANDS.fullmatch(digits):
        return "thousands"  # 1,024 is a thousand and a little to one sender, and one and a little to another
    return _measured(found, bound) if found else "not_a_number"


def _measured(found: re.Match[str], bound: str) -> tuple[float, str] | str:
    number = float(f"{found['num'].replace(',', '.')}e{found['ten'] or found['exp'] or 0}")
    vanished = number == 0 and any(digit in "123456789" for digit in found["num"])
    if vanished or abs(number) > _LARGEST:
        return "out_of_range"  # a power of ten that leaves nothing is no zero
    bound = found["cmp"] or bound
    return number, "" if bound == "=" else bound


def instant(  # noqa: PLR0911 - one way out for each form
    text: str, zone: tzinfo
) -> tuple[datetime | None, str]:
    """An HL7 time as UTC, and a warning or "". Less than a minute's precision is no time of a measurement."""
    if not text or text == '""' or not text.strip("0"):
        return None, ""
    found = _TIME.fullmatch(text)
    if found is not None and found["hm"] is None:
        return None, "time_imprecise:" + text[:30]
    try:
        if found is None:
            if len(text) < 16 or text[4] != "-":
                return None, "time_unreadable:" + text[:30]
            at = datetime.fromisoformat(text)  # some senders write 2026-04-22T18:44:00Z
            return (at.astimezone(UTC), "") if at.tzinfo is not None else _local(at, zone, text)
        date, hm, second = found["date"], found["hm"], int(found["s"] or 0)
        micro = int((found["f"] or found["ms"] or "").ljust(6, "0")[:6])
        leap = second == 60
        at = datetime(  # noqa: DTZ001 - its zone follows
            int(date[:4]),
            int(date[4:6]),
            int(date[6:]),
            int(hm[:2]),
            int(hm[2:]),
            59 if leap else second,
            micro,
        )
        if leap:
            at += timedelta(seconds=1)
        if found["z"]:
            return at.replace(tzinfo=_offset(found["z"])).astimezone(UTC), ""
        return _local(at, zone, text)
    except (ValueError, OverflowError):
        return None, "time_unreadable:" + text[:30]


@lru_cache(maxsize=4096)
def zone_of(text: str) -> tzinfo | None:
    """The zone that an HL7 time states; None where it states none."""
    found = _TIME.fullmatch(text)
    stated = found["z"] if found is not None else ""
    try:
        if found is None and len(text) >= 16 and text[4] == "-":
            return datetime.fromisoformat(text).tzinfo
        return _offset(stated) if stated else None
    except ValueError:
        return None


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes > 14 * 60:
        raise ValueError(text)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _local(at: datetime, zone: tzinfo, text: str) -> tuple[datetime, str]:
    here = at.replace(tzinfo=zone)
    # the hour that comes twice in autumn, or never in spring
    twice = here.utcoffset() != here.replace(fold=1).utcoffset()
    return here.astimezone(UTC), "time_ambiguous:" + text[:30] if twice else ""


def charset(declared: str) -> str:
    """The codec of the first repetition of an MSH-18; UTF-8 where it names none that is known."""
    return _CHARSETS.get(declared.partition("~")[0].strip().upper(), "utf-8")


def method_of(text: str, seps: Separators) -> str:
    """OBX-17: the words of a coded method, else what stands first."""
    parts = seps.parts(text)
    return (parts[1] if len(parts) > 2 and parts[1] else parts[0])[:40]
