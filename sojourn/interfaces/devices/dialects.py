"""What each maker calls a thing: codes, units, sentinels and places of identity, read from dialects/*.toml.

Nothing about a maker stands in code. Adding a monitor is one TOML file and one captured example
(docs/how-to/add-a-monitor-dialect.md).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from sojourn.clinical import shapes

from .quality import VALUE, Status

VITALS: Mapping[str, tuple[str, ...]] = {
    # our code: the UCUM units in which it may come, each convertible to the unit of clinical/vitals.py
    "hr": ("/min",),
    "pr": ("/min",),
    "spo2": ("%",),
    "rr": ("/min",),
    "nibp_sys": ("mm[Hg]", "kPa", "hPa"),
    "nibp_dia": ("mm[Hg]", "kPa", "hPa"),
    "nibp_map": ("mm[Hg]", "kPa", "hPa"),
    "art_sys": ("mm[Hg]", "kPa", "hPa"),
    "art_dia": ("mm[Hg]", "kPa", "hPa"),
    "art_map": ("mm[Hg]", "kPa", "hPa"),
    "temp": ("Cel", "[degF]"),
    "etco2": ("mm[Hg]", "kPa", "hPa"),  # a share of the breath is no pressure without the barometer
}
MARKS = ("V", "V2", "R", "C", "D")  # how each mapping is known; see the fact base


class DialectError(ValueError):
    """A dialect file says something that cannot be."""


@dataclass(frozen=True, slots=True)
class Vital:
    """What a maker's code means here."""

    code: str
    method: str = ""
    label: str = ""  # where a local number is reused, the text that must stand beside it


@dataclass(frozen=True, slots=True)
class Sign:
    """One way to recognise a maker; every given part must hold."""

    place: str = ""  # "MSH-3" or "MSH-4", read whole
    starts_with: str = ""
    system: str = ""  # a coding system in any OBX-3
    code: str = ""  # an OBX-3 written exactly so ("101^HR")


@dataclass(frozen=True, slots=True)
class Dialect:
    name: str
    title: str
    signs: tuple[Sign, ...]
    codes: Mapping[tuple[str, str], Vital]  # (code, coding system or "")
    names: Mapping[str, Vital]  # the maker's text, folded; only inside this dialect
    units: Mapping[str, str]  # unit code or text -> UCUM
    assumed_units: Mapping[str, str]  # our vital -> UCUM, where the maker sends none
    sentinels: frozenset[float]
    blanks: frozenset[str]
    bed: tuple[FieldPath, ...]
    ward: tuple[FieldPath, ...]
    devices: tuple[tuple[str, FieldPath], ...]  # (kind of key, place), most specific first
    statuses: Mapping[str, Status] = field(default_factory=dict)  # OBX-11 where this maker means something else
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def systems(self) -> frozenset[str]:
        """The coding systems of its own, beside none at all."""
        return frozenset({"", "L", *(sign.system for sign in self.signs)})


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A place in a message: segment, field, component, subcomponent; 0 means the whole."""

    segment: str
    field: int
    component: int
    subcomponent: int


@dataclass(frozen=True, slots=True)
class Dialects:
    """All dialects. `standard` answers for makers that nobody described."""

    standard: Dialect
    makers: tuple[Dialect, ...]
    by_system: Mapping[tuple[str, str], Vital]  # named coding systems mean the same whoever sends them
    refids: Mapping[str, Vital]  # names of IEEE 11073 (MDC_...), whatever number stands beside them
    others: Mapping[tuple[str, str], tuple[str, ...]]  # numbers known and not taken -> vitals a name may make them
    labels: Mapping[str, tuple[str, ...]]  # folded words -> vitals that they can mean: never read, only contradicting
    units: Mapping[str, str]
    aliases: Mapping[str, str]  # other names of coding systems

    def by_name(self, name: str) -> Dialect:
        for dialect in (self.standard, *self.makers):
            if dialect.name == name:
                return dialect
        raise KeyError(name)


_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})-(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def fold(text: str) -> str:
    """A label without case, spaces and punctuation."""
    return "".join(c for c in text.casefold() if c.isalnum())


def fold_unit(text: str) -> str:
    """A unit without case, spaces and the braces of UCUM; the degree sign as one of the signs that look like it."""
    plain = "".join(text.casefold().split()).replace("º", "°").replace("˚", "°").replace("⁻¹", "-1")
    return re.sub(r"\{[^}]*\}", "", plain) or plain


def place(text: str) -> FieldPath:
    found = _PLACE.fullmatch(text)
    if found is None:
        raise DialectError(f"{text!r} is no place; write it like PV1-3.4")
    segment, number, component, sub = found.groups()
    return FieldPath(segment, int(number), int(component or 0), int(sub or 0))


def _places(value: Iterable[str]) -> tuple[FieldPath, ...]:
    return tuple(place(text) for text in value)


def _vital(entry: Mapping[str, Any], where: str, *, local: bool = False) -> Vital:
    unknown = set(entry) - {"vital", "method", "mark", "name", "also"}
    if unknown:
        raise DialectError(f"{where}: unknown words {sorted(unknown)}")
    code = entry.get("vital", "")
    if code not in VITALS:
        raise DialectError(f"{where}: {code!r} is no vital of ours ({', '.join(VITALS)})")
    if entry.get("mark") not in MARKS:
        raise DialectError(f"{where}: every mapping says how it is known (mark = one of {', '.join(MARKS)})")
    label = fold(str(entry.get("name", ""))) if local else ""
    return Vital(code, str(entry.get("method", "")), label)


def _vitals(codes: Iterable[str], where: str) -> tuple[str, ...]:
    found = tuple(codes)
    if set(found) - set(VITALS):
        raise DialectError(f"{where}: {sorted(set(found) - set(VITALS))} are no vitals of ours")
    return found


def _others(tables: Mapping[str, Mapping[str, Any]], where: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Numbers that are known and not taken, each with its name; ``may`` lists the vitals that a name can make of it."""
    return {
        (code, system): _vitals(entry.get("may", ()), f"{where}: {code}")
        for system, table in tables.items()
        for code, entry in table.items()
    }


def _sign(entry: Mapping[str, str], where: str) -> Sign:
    found = Sign(entry.get("place", ""), entry.get("starts_with", ""), entry.get("system", ""), entry.get("code", ""))
    if bool(found.place) != bool(found.starts_with) or found.place not in ("", "MSH-3", "MSH-4"):
        raise DialectError(f"{where}: a sender is recognised by MSH-3 or MSH-4 and how they start, a system or a code")
    return found


def _status(said: str, where: str) -> Status:
    if said != "value":
        raise DialectError(f"{where}: a status can only be said to carry a value")
    return VALUE


_WORDS = {
    "name", "title", "source", "recognise", "identity", "aliases", "codes", "names", "units", "assumed_units",
    "sentinels", "statuses", "others", "labels",
}  # fmt: skip


@dataclass(slots=True)
class _Shared:
    """What all dialects know together."""

    by_system: dict[tuple[str, str], Vital] = field(default_factory=dict)
    refids: dict[str, Vital] = field(default_factory=dict)
    others: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)


def load(texts: Mapping[str, str]) -> Dialects:
    """Read dialect files: name of the file -> its text. Raises DialectError with the file and the reason."""
    shared = _Shared()
    found = [_dialect(_table(filename, texts[filename]), filename, shared) for filename in sorted(texts)]
    standard = next((each for each in reversed(found) if each.name == "standard"), None)
    if standard is None:
        raise DialectError("no file calls itself standard")
    return Dialects(
        standard=standard,
        makers=tuple(_complete(each, standard) for each in found if each.name != "standard"),
        by_system=shared.by_system,
        refids=shared.refids,
        others=shared.others,
        labels=shared.labels,
        units=shared.units,
        aliases=shared.aliases,
    )


# How a value was measured, in the words of every dialect: a vital sign may be another one when measured so.
METHODS = frozenset(
    (
        *("acoustic", "arterial line", "axillary", "body", "capnography", "core", "cuff", "ear", "ecg", "impedance"),
        *("oesophageal", "oral", "pulse oximeter", "rectal", "tympanic"),
    )
)
# What may name a monitor.
DEVICE_KEYS = frozenset(("ip", "mac", "bed", "app", "eui64", "serial", "facility"))


def _spot(where: str, value: Any) -> Iterator[str]:
    """A place in a message."""
    if not isinstance(value, str) or _PLACE.fullmatch(value) is None:
        yield f"{where}: {value!r} is no place; write it like PV1-3.4"


_SPOTS = shapes.some(_spot)
_DEVICE = shapes.by(shapes.word(DEVICE_KEYS), _spot)
_CODE = shapes.table(
    {},
    {
        "vital": shapes.any_text, "mark": shapes.any_text,  # which they must be: see _vital
        "method": shapes.word(METHODS), "name": shapes.any_text, "also": shapes.some(shapes.text),
    },
)  # fmt: skip
_MAY = shapes.some(shapes.word(VITALS), least=0)
_OTHER = shapes.table({}, {"name": shapes.text, "may": _MAY})
_FILE = shapes.table(
    {"name": shapes.text, "title": shapes.text, "source": shapes.text},
    {
        "recognise": shapes.some(
            shapes.table({}, dict.fromkeys(("place", "starts_with", "system", "code"), shapes.text)), least=0
        ),
        "identity": shapes.table(
            {}, {"bed": _SPOTS, "ward": _SPOTS, "device": shapes.some(_DEVICE)}
        ),
        "aliases": shapes.by(shapes.text, shapes.text, least=0),
        "codes": shapes.by(shapes.text, shapes.by(shapes.text, _CODE, least=0), least=0),
        "names": shapes.by(shapes.text, _CODE, least=0),
        "units": shapes.by(shapes.text, shapes.text, least=0),
        "assumed_units": shapes.by(shapes.word(VITALS), shapes.text, least=0),
        "sentinels": shapes.table(
            {}, {"values": shapes.some(shapes.number()), "texts": shapes.some(shapes.any_text)}
        ),
        "statuses": shapes.by(shapes.text, shapes.text, least=0),
        "others": shapes.by(shapes.text, shapes.by(shapes.text, _OTHER, least=0), least=0),
        "labels": shapes.by(shapes.text, _MAY, least=0),
    },
)  # fmt: skip


def _table(filename: str, text: str) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DialectError(f"{filename}: {error}") from error
    if set(data) - _WORDS:
        raise DialectError(f"{filename}: unknown words {sorted(set(data) - _WORDS)}")
    if not data.get("source"):
        raise DialectError(f"{filename}: say where this was read (source = ...)")
    if wrong := list(_FILE(filename, data)):
        raise DialectError("; ".join(wrong))
    return data


def _dialect(data: Mapping[str, Any], filename: str, shared: _Shared) -> Dialect:
    """One file's dialect; what it says for all goes to ``shared``."""
    codes, marks = _codes(data.get("codes", {}), filename, shared)
    names = {fold(name): _vital(entry, f"{filename}: {name}") for name, entry in data.get("names", {}).items()}
    units, assumed = _units(data, filename)
    shared.others |= _others(data.get("others", {}), filename)
    shared.labels |= {fold(text): _vitals(may, f"{filename}: {text}") for text, may in data.get("labels", {}).items()}
    shared.units |= units
    shared.aliases |= data.get("aliases", {})
    sentinels = data.get("sentinels", {})
    identity = data.get("identity", {})
    return Dialect(
        name=data["name"],
        title=data["title"],
        signs=tuple(_sign(entry, filename) for entry in data.get("recognise", ())),
        codes=codes,
        names=names,
        units=units,
        assumed_units=assumed,
        sentinels=frozenset(float(v) for v in sentinels.get("values", ())),
        blanks=frozenset(str(v).casefold() for v in sentinels.get("texts", ())),
        bed=_places(identity.get("bed", ())),
        ward=_places(identity.get("ward", ())),
        devices=tuple((kind, place(where)) for d in identity.get("device", ()) for kind, where in d.items()),
        statuses={letter: _status(said, filename) for letter, said in data.get("statuses", {}).items()},
        marks=marks,
    )


def _codes(
    tables: Mapping[str, Mapping[str, Any]], filename: str, shared: _Shared
) -> tuple[dict[tuple[str, str], Vital], dict[str, str]]:
    """The codes of a file by code and system ("" for the maker's own), and how far each was checked."""
    codes: dict[tuple[str, str], Vital] = {}
    marks: dict[str, str] = {}
    for system, table in tables.items():
        key = "" if system == "local" else system
        for code, entry in table.items():
            vital = _vital(entry, f"{filename}: {code}", local=not key)
            codes[code, key] = vital
            marks[f"{code}^{key}"] = entry["mark"]
            if key and shared.by_system.setdefault((code, key), vital) != vital:
                raise DialectError(f"{filename}: {code} of {system} has two meanings")
            names = map(str, (entry.get("name", ""), *entry.get("also", ())))
            shared.refids |= {refid: vital for refid in names if refid.startswith("MDC_")}
    return codes, marks


def _units(data: Mapping[str, Any], filename: str) -> tuple[dict[str, str], dict[str, str]]:
    """A file's own writings of units, and the customary unit of a vital sign that comes without one."""
    known = {unit for allowed in VITALS.values() for unit in allowed}
    own = {str(k): str(v) for k, v in data.get("units", {}).items()}
    assumed = {str(k): str(v) for k, v in data.get("assumed_units", {}).items()}
    for vital_code, unit in assumed.items():
        if unit not in VITALS.get(vital_code, ()):
            raise DialectError(f"{filename}: {vital_code} cannot be assumed in {unit}")
    if set(own.values()) - known:
        raise DialectError(f"{filename}: units that no vital uses: {set(own.values()) - known}")
    return own, assumed


def _complete(dialect: Dialect, standard: Dialect) -> Dialect:
    """What a maker's file leaves open is as the standard has it."""
    return replace(
        dialect,
        assumed_units={**standard.assumed_units, **dialect.assumed_units},
        sentinels=dialect.sentinels | standard.sentinels,
        blanks=dialect.blanks | standard.blanks,
        bed=dialect.bed or standard.bed,
        ward=dialect.ward or standard.ward,
        devices=dialect.devices or standard.devices,
    )


@cache
def shipped() -> Dialects:
    """The dialects in this folder."""
    folder = files(__package__) / "dialects"
    return load({f.name: f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".toml")})
