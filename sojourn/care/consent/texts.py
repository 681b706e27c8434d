"""The texts that patients agree to: files, composed for a language, a way of giving the medicine and a place.

A document is ``documents/<id>.<version>.toml``, a pack of local clauses ``packs/<code>.<version>.toml``; both hold
English and Spanish side by side, so that neither can say more than the other. A released version is never edited:
its hash stands in ``RELEASED.toml`` (``sojourn rulebook release`` enters new ones).

The texts are Sojourn's proposals. A prescriber adopts each before it is used, and counsel should review it first.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from sojourn.clinical import shapes
from sojourn.clinical.rules import MARKS, RuleInvalid, Verification, content_hash, weakest
from sojourn.foundation.rulebook.load import read_released
from sojourn.foundation.rulebook.release import entered, write

LANGUAGES: Final = ("en", "es")
# The ways of giving the medicine that the texts know: the rulebook's routes, and the labelled nasal spray.
WAYS: Final = ("iv", "im", "sc", "in", "in_esketamine", "sl", "oral")
RELEASED: Final = "RELEASED.toml"
_HEAD: Final = "# The hash of every released version of every text. Written by texts.py; never edited by hand.\n\n"
_PACKAGE: Final = "sojourn.care.consent"


class TextInvalid(ValueError):
    """A file cannot be a text to agree to; the message names the file and what is wrong."""


def way_of(route: str, drug: str = "") -> str:
    """The way of the texts for a route of the rulebook and a drug: "in" with esketamine is "in_esketamine"."""
    return "in_esketamine" if route == "in" and drug == "esketamine" else route


@dataclass(frozen=True, slots=True)
class Cite:
    """Where a statement comes from: a row of the fact base, and how far it was checked there."""

    fact: str
    mark: Verification
    note: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A paragraph in both languages. ``ways``: only for these; empty: for all. ``ends_on``: a date that it names."""

    text: Mapping[str, str]
    ways: frozenset[str] = frozenset()
    cites: tuple[Cite, ...] = ()
    id: str = ""
    document_id: str = ""
    section_id: str = ""
    ends_on: date | None = None

    def holds_for(self, way: str) -> bool:
        return not self.ways or way in self.ways

    @property
    def mark(self) -> Verification | None:
        """The weakest of its citations; None where it states no fact."""
        return weakest([each.mark for each in self.cites]) if self.cites else None


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: Mapping[str, str]
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One version of a document, or of a pack (then ``sections`` are empty and ``clauses`` are not)."""

    id: str
    version: int
    hash: str
    title: Mapping[str, str]
    effective_from: date
    optional: bool = False
    ways: frozenset[str] = frozenset()
    summary: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    statements: tuple[Clause, ...] = ()
    stops: tuple[Clause, ...] = ()
    stays: tuple[Clause, ...] = ()
    clauses: tuple[Clause, ...] = ()
    staff_notes: tuple[Clause, ...] = ()
    as_of: str = ""
    review_on: date | None = None

    @property
    def is_pack(self) -> bool:
        return self.id.startswith("pack:")

    @property
    def named(self) -> tuple[str, int, str]:
        """A pack as a text names it: its code, its version, and until when it was looked over."""
        return self.id.removeprefix("pack:"), self.version, self.review_on.isoformat() if self.review_on else ""

    def clauses_of(self, document_id: str) -> list[Clause]:
        """What a pack adds to a document."""
        return [each for each in self.clauses if each.document_id == document_id]

    def needed_for(self, way: str) -> bool:
        """Whether nobody is treated this way without it."""
        return not self.optional and not self.is_pack and (not self.ways or way in self.ways)

    @property
    def every_clause(self) -> Iterator[Clause]:
        for section in self.sections:
            yield from section.clauses
        yield from (*self.statements, *self.stops, *self.stays, *self.clauses, *self.staff_notes)

    @property
    def unverified(self) -> tuple[Clause, ...]:
        """Clauses whose facts were not read in a source."""
        return tuple(each for each in self.every_clause if each.mark not in (None, "verified"))

    def stale(self, day: date) -> bool:
        return self.review_on is not None and day > self.review_on

    def lapsed(self, day: date) -> tuple[Clause, ...]:
        """Clauses that name a date which has passed."""
        return tuple(each for each in self.every_clause if each.ends_on is not None and each.ends_on < day)


# ---------------------------------------------------------------- what a person reads


@dataclass(frozen=True, slots=True)
class SectionText:
    """A section as read: ``local`` paragraphs come from the packs."""

    id: str
    title: str
    paragraphs: tuple[str, ...]
    local: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Exactly what is shown: one document in one language, for one way, with the clauses of one place."""

    document_id: str
    version: int
    language: str
    way: str
    title: str
    summary: str
    parts: tuple[SectionText, ...]
    statements: tuple[Statement, ...]
    stops: tuple[str, ...]
    stays: tuple[str, ...]
    packs: tuple[tuple[str, int, str], ...] = ()  # id, version, reviewed by (ISO day or "")
    optional: bool = False

    @property
    def content(self) -> str:
        """Canonical JSON: sorted keys, no spaces."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @property
    def hash(self) -> str:
        """SHA-256 of the content, as hex."""
        return hashlib.sha256(self.content.encode()).hexdigest()


def read_text(content: str) -> Text:
    """The text back from the JSON that was kept."""
    data = json.loads(content)
    return Text(
        **{key: data[key] for key in ("document_id", "version", "language", "way", "title", "summary", "optional")},
        parts=tuple(
            SectionText(each["id"], each["title"], tuple(each["paragraphs"]), tuple(each["local"]))
            for each in data["parts"]
        ),
        statements=tuple(Statement(**each) for each in data["statements"]),
        stops=tuple(data["stops"]),
        stays=tuple(data["stays"]),
        packs=tuple((pack, version, text_hash) for pack, version, text_hash in data["packs"]),
    )


def compose(document: Source, packs: Iterable[Source], way: str, language: str) -> Text:
    """A document with the local clauses, in one language. An unknown language reads English.

    Where neither the document nor its local clauses differ by way, the way is left out: the same text is the same
    agreement, however the medicine is given.
    """
    told = language if language in LANGUAGES else "en"
    adding = [pack for pack in packs if pack.clauses_of(document.id)]
    added = [clause for pack in adding for clause in pack.clauses_of(document.id)]
    return Text(
        document_id=document.id,
        version=document.version,
        language=told,
        way=way if _differs_by_way(document, added) else "",
        title=document.title[told],
        summary=document.summary[told],
        parts=tuple(_parts(document, added, way, told)),
        statements=tuple(Statement(each.id, each.text[told]) for each in document.statements if each.holds_for(way)),
        stops=_said(document.stops, way, told),
        stays=_said(document.stays, way, told),
        packs=tuple(pack.named for pack in adding),
        optional=document.optional,
    )


def _differs_by_way(document: Source, added: Iterable[Clause]) -> bool:
    return any(each.ways for each in (*document.every_clause, *added))


def _parts(document: Source, added: Sequence[Clause], way: str, language: str) -> Iterator[SectionText]:
    """The sections that say anything for this way, each with the local clauses that belong to it."""
    for section in document.sections:
        local = [each for each in added if each.section_id == section.id]
        part = SectionText(
            section.id, section.title[language], _said(section.clauses, way, language), _said(local, way, language)
        )
        if part.paragraphs or part.local:
            yield part


def _said(clauses: Iterable[Clause], way: str, language: str) -> tuple[str, ...]:
    return tuple(each.text[language] for each in clauses if each.holds_for(way))


# ---------------------------------------------------------------- reading the files


def parse(name: str, text: str) -> Source:
    """One file; raises TextInvalid."""
    try:
        data = tomllib.loads(text)
        source = _source(data)
    except (tomllib.TOMLDecodeError, LookupError, TypeError, ValueError, AttributeError) as wrong:
        raise TextInvalid(f"{name}: {wrong}") from wrong
    shape = _PACK if source.is_pack else _DOCUMENT
    if misshapen := [*shape(name, data), *(f"{name}: {each}" for each in _names_twice(source))]:
        raise TextInvalid("; ".join(misshapen))
    return source


_WORDS: Final = {"en": shapes.text, "es": shapes.text}
_BOTH: Final = shapes.table(_WORDS)
_CITE: Final = shapes.table({"fact": shapes.text, "mark": shapes.word(MARKS)}, {"note": shapes.text})
_SAID: Final = {"ways": shapes.some(shapes.word(WAYS)), "cites": shapes.some(_CITE)}
_CLAUSE: Final = shapes.some(shapes.table(_WORDS, _SAID))
_NAMED: Final = shapes.some(shapes.table({**_WORDS, "id": shapes.text}, _SAID))
_FILE: Final = {"version": shapes.whole(1), "effective_from": shapes.day, "title": _BOTH}
_DOCUMENT: Final = shapes.table(
    {
        **_FILE, "id": shapes.text, "summary": _BOTH, "statement": _NAMED, "stops": _CLAUSE, "stays": _CLAUSE,
        "section": shapes.some(shapes.table({"id": shapes.text, "title": _BOTH, "clause": _CLAUSE})),
    },
    {"optional": shapes.flag, "ways": shapes.some(shapes.word(WAYS))},
)  # fmt: skip
_PACK: Final = shapes.table(
    {**_FILE, "code": shapes.text, "as_of": shapes.text, "review_on": shapes.day},
    {
        "staff_note": _CLAUSE,
        "clause": shapes.some(
            shapes.table(
                {**_WORDS, "id": shapes.text, "document": shapes.text, "section": shapes.text},
                {**_SAID, "ends_on": shapes.day},
            )
        ),
    },
)


def _names_twice(source: Source) -> Iterator[str]:
    """Sections and statements of one name: a signature would not say which was meant."""
    for what, names in (
        ("section", [each.id for each in source.sections]),
        ("statement", [each.id for each in source.statements]),
    ):
        yield from (f"{what} {each} stands twice" for each in sorted({each for each in names if names.count(each) > 1}))


def _clauses(data: Mapping[str, Any], name: str) -> tuple[Clause, ...]:
    return tuple(_clause(each) for each in data.get(name, ()))


def _source(data: Mapping[str, Any]) -> Source:
    pack = "code" in data
    return Source(
        id=f"pack:{data['code']}" if pack else str(data["id"]),
        version=int(data["version"]),
        hash=content_hash(data),
        title=_both(data["title"]),
        effective_from=data["effective_from"],
        optional=bool(data.get("optional", False)),
        ways=_ways(data),
        summary=_both(data["summary"]) if "summary" in data else MappingProxyType({"en": "", "es": ""}),
        sections=tuple(
            Section(str(each["id"]), _both(each["title"]), tuple(_clause(one) for one in each["clause"]))
            for each in data.get("section", [])
        ),
        statements=_clauses(data, "statement"),
        stops=_clauses(data, "stops"),
        stays=_clauses(data, "stays"),
        clauses=_clauses(data, "clause"),
        staff_notes=_clauses(data, "staff_note"),
        as_of=str(data.get("as_of", "")),
        review_on=data["review_on"] if pack else None,
    )


def _both(value: Mapping[str, Any]) -> Mapping[str, str]:
    missing = [each for each in LANGUAGES if not str(value.get(each, "")).strip()]
    if missing:
        raise TextInvalid(f"{value!r} says nothing in {', '.join(missing)}")
    return MappingProxyType({each: " ".join(str(value[each]).split()) for each in LANGUAGES})


def _ways(data: Mapping[str, Any]) -> frozenset[str]:
    ways = frozenset(str(each) for each in data.get("ways", []))
    if unknown := ways - set(WAYS):
        raise TextInvalid(f"unknown ways: {', '.join(sorted(unknown))}")
    return ways


def _clause(data: Mapping[str, Any]) -> Clause:
    cites = tuple(Cite(str(each["fact"]), each["mark"], str(each.get("note", ""))) for each in data.get("cites", []))
    if wrong := [each.mark for each in cites if each.mark not in MARKS]:
        raise TextInvalid(f"unknown marks: {', '.join(wrong)}")
    return Clause(
        text=_both(data),
        ways=_ways(data),
        cites=cites,
        id=str(data.get("id", "")),
        document_id=str(data.get("document", "")),
        section_id=str(data.get("section", "")),
        ends_on=data.get("ends_on"),
    )


def _files() -> list[tuple[str, str]]:
    return [
        (f"{folder}/{each.name}", each.read_text(encoding="utf-8"))
        for folder in ("documents", "packs")
        for each in sorted(resources.files(_PACKAGE).joinpath(folder).iterdir(), key=lambda file: file.name)
        if each.name.endswith(".toml") and each.name != RELEASED
    ]


def bind(files: Iterable[tuple[str, str]]) -> Mapping[tuple[str, int], Source]:
    """Sources by id and version from (name, TOML) pairs; raises TextInvalid."""
    found: dict[tuple[str, int], Source] = {}
    for name, text in files:
        source = parse(name, text)
        expected = f"{source.id.removeprefix('pack:')}.{source.version}.toml"
        if name.rpartition("/")[2] != expected:
            raise TextInvalid(f"{name}: should be named {expected}")
        if (source.id, source.version) in found:
            raise TextInvalid(f"{name}: stands twice")
        found[source.id, source.version] = source
    documents = {each.id: {section.id for section in each.sections} for each in found.values() if not each.is_pack}
    for source in found.values():
        for clause in source.clauses:
            if clause.section_id not in documents.get(clause.document_id, ()):
                raise TextInvalid(f"{source.id}: {clause.document_id}/{clause.section_id} is nowhere")
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def sources() -> Mapping[tuple[str, int], Source]:
    """Every version of every document and pack that ships. Cached: the files are part of the program."""
    return bind(_files())


def newest() -> dict[str, Source]:
    """The newest version of each text, documents first, in the order of the files."""
    found: dict[str, Source] = {}
    place = {name: number for number, name in enumerate(_ORDER)}
    for source in sorted(
        sources().values(), key=lambda each: (each.is_pack, place.get(each.id, len(place)), each.version)
    ):
        found[source.id] = source
    return found


# The order in which a patient reads them.
_ORDER: Final = ("treatment", "off_label", "driving", "privacy", "research")


def pack_ids(jurisdiction: str) -> tuple[str, ...]:
    """The packs of a place that ship: its country's, then its own. "US-CA": ("pack:US", "pack:US-CA")."""
    country = jurisdiction.partition("-")[0]
    known = {source_id for source_id, _ in sources()}
    return tuple(each for each in dict.fromkeys((f"pack:{country}", f"pack:{jurisdiction}")) if each in known)


def jurisdictions() -> tuple[Source, ...]:
    """The newest pack of every place that ships."""
    return tuple(each for each in newest().values() if each.is_pack)


def lines(source: Source, language: str) -> list[str]:
    """Everything that a text says, one line each, in order."""
    said = [source.title[language], source.summary[language]]
    for section in source.sections:
        said.append(section.title[language])
        said += [_line(each, language) for each in section.clauses]
    for some in (source.statements, source.stops, source.stays, source.clauses):
        said += [_line(each, language) for each in some]
    if source.is_pack:
        said.append(f"{source.as_of} – {source.review_on}")
    return [each for each in said if each]


def _line(clause: Clause, language: str) -> str:
    ways = f"[{', '.join(sorted(clause.ways))}] " if clause.ways else ""
    return ways + clause.text[language]


def difference(old: Source, new: Source, language: str) -> list[tuple[Literal["out", "in"], str]]:
    """What the newer version no longer says ("out") and what it says instead ("in"), in order."""
    before, after = lines(old, language), lines(new, language)
    found: list[tuple[Literal["out", "in"], str]] = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what != "equal":
            found += [("out", each) for each in before[a:b]]
            found += [("in", each) for each in after[c:d]]
    return found


# ---------------------------------------------------------------- released versions stay as they are


def released() -> Mapping[tuple[str, int], str]:
    """The hashes of released versions; raises TextInvalid."""
    return parse_released(resources.files(_PACKAGE).joinpath("documents", RELEASED).read_text(encoding="utf-8"))


def parse_released(text: str) -> Mapping[tuple[str, int], str]:
    """The hashes of a file of released versions; raises TextInvalid, which names the file and what is wrong in it."""
    try:
        return read_released(text, f"documents/{RELEASED}")
    except RuleInvalid as wrong:
        raise TextInvalid(str(wrong)) from wrong


def check() -> tuple[str, ...]:
    """What is wrong with the files; empty when they are sound."""
    try:
        ours = bind(_files())
    except TextInvalid as wrong:
        return (str(wrong),)
    try:
        known = released()
    except TextInvalid as wrong:
        return (str(wrong),)
    return tuple(
        f"{name} version {version}: {'edited after its release' if (name, version) in known else 'not released yet'}"
        for (name, version), source in ours.items()
        if known.get((name, version)) != source.hash
    ) + tuple(f"{name} version {version}: released, but gone" for name, version in known if (name, version) not in ours)


def main() -> int:
    """Enter new versions into RELEASED.toml; 1 where a released one was edited."""
    ours = {key: source.hash for key, source in bind(_files()).items()}
    return write(Path(__file__).parent / "documents" / RELEASED, *entered(_HEAD, released(), ours))
