"""Reads a FHIR R4 Questionnaire, from our own files or from a clinic, and says everything that is wrong with it.

Taken: choice (with a number for each answer), boolean, integer with its bounds, display, group, enableWhen,
translations. Refused by name: whatever could not be shown or scored faithfully.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeGuard, get_args

from sojourn.clinical.rules import MARKS, Verification
from sojourn.clinical.scales.items import NO_TEXT, Item, Kind, Operator, Option, Text, When

Table = Mapping[str, Any]  # as a file holds it
_FHIR: Final = "http://hl7.org/fhir/StructureDefinition/"
TRANSLATION: Final = f"{_FHIR}translation"
ORDINAL: Final = f"{_FHIR}ordinalValue"
_WEIGHTS: Final = (ORDINAL, f"{_FHIR}itemWeight", f"{_FHIR}questionnaire-ordinalValue")
_MIN, _MAX, _CONTROL, _UNIT = (
    f"{_FHIR}{name}" for name in ("minValue", "maxValue", "questionnaire-itemControl", "questionnaire-unit")
)
VERIFICATION: Final = "urn:sojourn:verification"
LOINC: Final = "http://loinc.org"

MOST_BYTES: Final = 400_000
MOST_ITEMS: Final = 200
MOST_OPTIONS: Final = 40
LONGEST_TEXT: Final = 2000
DEEPEST: Final = 6
LARGEST: Final = 10_000  # an answer is a small whole number
NO_LIMITS: Final = (0, 0)  # where there are none
_OPERATORS: Final[tuple[Operator, ...]] = get_args(Operator)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. ``item`` is the link id (or its place, "#3"), "" for the whole file."""

    code: str
    item: str = ""
    detail: str = ""


class FormInvalid(ValueError):
    """A Questionnaire cannot be taken; ``faults`` holds every reason."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(" ".join(part for part in (f.code, f.item, f.detail) if part) for f in faults))


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of a Questionnaire, without any scoring."""

    id: str
    title: Text
    stem: Text
    items: tuple[Item, ...]
    loinc: str | None
    copyright: str
    languages: frozenset[str]
    unverified_languages: frozenset[str]
    definition: Table = field(repr=False)


def load(text: str) -> dict[str, Any]:
    """The JSON of a Questionnaire as plain data; raises FormInvalid."""
    if len(text.encode()) > MOST_BYTES:
        raise FormInvalid(Fault("too-large", detail=str(MOST_BYTES // 1000)))
    try:
        data = json.loads(text, parse_constant=_no_constant)
        json.dumps(data, ensure_ascii=False).encode()  # half a character (a lone surrogate) could not be kept
    except RecursionError:
        raise FormInvalid(Fault("too-deep")) from None
    except ValueError as wrong:
        raise FormInvalid(Fault("not-json", detail=str(wrong))) from None
    if not isinstance(data, dict) or data.get("resourceType") != "Questionnaire":
        raise FormInvalid(Fault("not-a-questionnaire"))
    return data


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _whole(number: object) -> TypeGuard[int | float]:
    """Whether it is a whole number: not yes or no, not 1e999."""
    if isinstance(number, float):
        return number.is_integer()
    return isinstance(number, int) and not isinstance(number, bool)


def read(data: Table) -> Form:
    """The questions of a Questionnaire; raises FormInvalid with every fault at once."""
    reader = _Reader(data)
    form = reader.form()
    if reader.faults:
        raise FormInvalid(*reader.faults)
    return form


class _Reader:
    def __init__(self, data: Table) -> None:
        self.data = data
        self.faults: list[Fault] = []
        self.items: list[Item] = []
        self.stems: list[Text] = []
        self.codes: dict[str, dict[str, int]] = {}  # link id -> answer code -> number
        spoken = data.get("language")
        self.language = spoken.partition("-")[0] if isinstance(spoken, str) and spoken else "en"

    def wrong(self, code: str, item: str = "", detail: object = "") -> None:
        self.faults.append(Fault(code, item, str(detail)[:200]))

    def form(self) -> Form:
        data = self.data
        title = self.title()
        self.entries()
        words = [frozenset(each.text) for each in self.items if each.text is not NO_TEXT]
        return Form(
            id=str(data.get("id", "")),
            title=title,
            stem=self.stems[0] if self.stems else NO_TEXT,
            items=tuple(self.items),
            loinc=self.loinc(data)[0],
            copyright=str(data.get("copyright", "")),
            languages=frozenset.intersection(*words) if words else frozenset(("en",)),
            unverified_languages=frozenset(self.unverified()),
            definition=data,
        )

    def title(self) -> Text:
        held = self.data.get("title")
        if not isinstance(held, str) or not held.strip():
            self.wrong("no-title")
        return self.text(self.data, "title", "") if isinstance(held, str) else NO_TEXT

    def entries(self) -> None:
        entries = self.data.get("item")
        if not isinstance(entries, list) or not entries:
            self.wrong("no-items")
            return
        self.walk(entries, "", DEEPEST)
        if not self.items and not self.faults:
            self.wrong("no-items")

    def walk(self, entries: list[Any], place: str, deeper: int) -> None:
        """The entries of one level; ``deeper``: how many levels there may be from here on."""
        if not deeper:
            self.wrong("too-deep")
            return
        for number, entry in enumerate(entries, start=1):
            where = f"{place}#{number}"
            if len(self.items) >= MOST_ITEMS:
                self.wrong("too-many-items", detail=MOST_ITEMS)
                return
            if not isinstance(entry, dict):
                self.wrong("not-an-item", where)
                continue
            link_id = entry.get("linkId")
            if not isinstance(link_id, str) or not link_id.strip() or len(link_id) > 40:
                self.wrong("no-link-id", where)
                continue
            self.entry(link_id, entry, where, deeper)

    def entry(self, link_id: str, entry: dict[str, Any], where: str, deeper: int) -> None:
        kind = entry.get("type")
        if kind == "display":
            if isinstance(entry.get("text"), str):
                self.stems.append(self.text(entry, "text", link_id))
        elif kind == "group":
            self.group(link_id, entry, where, deeper)
        elif link_id in self.codes:
            self.wrong("link-id-twice", link_id)
        else:
            self.item(link_id, entry)
            if isinstance(entry.get("item"), list):
                self.wrong("items-below", link_id)

    def group(self, link_id: str, entry: Table, where: str, deeper: int) -> None:
        if isinstance(entry.get("text"), str):
            self.stems.append(self.text(entry, "text", link_id))
        if entry.get("repeats") is True:
            self.wrong("repeats", link_id)
        if entry.get("enableWhen"):  # its questions would be asked of everybody
            self.wrong("branch-of-group", link_id)
        inner = entry.get("item")
        self.walk(inner if isinstance(inner, list) else [], f"{where}.", deeper - 1)

    def item(self, link_id: str, entry: Table) -> None:
        self.codes[link_id] = {}
        kind = entry.get("type")
        if not isinstance(entry.get("text"), str) or not entry["text"].strip():
            self.wrong("no-text", link_id)
            return
        options: tuple[Option, ...] = ()
        low, high = NO_LIMITS
        shown: Kind
        if entry.get("repeats") is True:
            self.wrong("repeats", link_id)
        if kind in ("choice", "coding"):
            shown, options = "choice", self.options(link_id, entry)
        elif kind == "boolean":
            shown, options = "yes_no", YES_NO
        elif kind in ("integer", "decimal"):
            shown = "number"
            low, high = self.limits(link_id, entry)
        else:
            self.wrong("wrong-type", link_id, kind)
            return
        code, mark = self.loinc(entry)
        self.items.append(
            Item(
                *(link_id, str(entry.get("prefix", ""))[:20], self.text(entry, "text", link_id), options),
                required=entry.get("required") is True,
                scored=False,
                loinc=code,
                mark=mark,
                kind=shown,
                low=low,
                high=high,
                slider="slider" in json.dumps(self.extension(entry, _CONTROL)),
                unit=self.unit(entry),
                enable=tuple(self.enable(link_id, entry)),
                enable_all=entry.get("enableBehavior") == "all",
            )
        )

    def options(self, link_id: str, entry: Table) -> tuple[Option, ...]:
        table = entry.get("answerOption")
        if not isinstance(table, list) or len(table) < 2:
            self.wrong("no-answers", link_id)
            return ()
        if len(table) > MOST_OPTIONS:
            self.wrong("too-many-answers", link_id, MOST_OPTIONS)
            return ()
        found: list[Option] = []
        for each in table:
            option = self.option(link_id, each)
            if option is None:
                continue
            if option.value in {known.value for known in found}:
                self.wrong("number-twice", link_id, option.value)
            found.append(option)
        return tuple(found)

    def option(self, link_id: str, each: Any) -> Option | None:
        if isinstance(each, dict) and isinstance(each.get("valueInteger"), int):
            return self.whole_number(link_id, each["valueInteger"])
        coding = each.get("valueCoding") if isinstance(each, dict) else None
        if not isinstance(coding, dict) or not isinstance(coding.get("display"), str) or not coding["display"].strip():
            self.wrong("no-answer-text", link_id)
            return None
        number = self.weight(coding, each)
        if isinstance(number, bool) or not isinstance(number, int | float):
            self.wrong("no-ordinal", link_id, coding["display"])
            return None
        return self.coded(link_id, coding, number)

    def coded(self, link_id: str, coding: Table, weight: float) -> Option | None:
        if not _whole(weight) or abs(weight) > LARGEST:
            self.wrong("not-a-whole-number", link_id, weight)
            return None
        number = int(weight)
        code = coding.get("code")
        if isinstance(code, str):
            self.codes[link_id][code] = number
        public = code if isinstance(code, str) and coding.get("system") == LOINC else None
        return Option(number, self.text(coding, "display", link_id), public, self.mark(coding))

    def whole_number(self, link_id: str, value: int) -> Option | None:
        """An answer that is its own number."""
        if isinstance(value, bool) or abs(value) > LARGEST:
            self.wrong("not-a-whole-number", link_id, value)
            return None
        self.codes[link_id][str(value)] = value
        return Option(value, MappingProxyType({"en": str(value)}), None, "verified")

    def weight(self, *places: Any) -> object:
        """The number of an answer, from the first extension that says one."""
        held = (self.extension(place, url) for url in _WEIGHTS for place in places)
        numbers = (each.get("valueDecimal", each.get("valueInteger")) for each in held if each is not None)
        return next((each for each in numbers if each is not None), None)

    def limits(self, link_id: str, entry: Table) -> tuple[int, int]:
        ends: list[int] = []
        for url in (_MIN, _MAX):
            held = self.extension(entry, url) or {}
            number = held.get("valueInteger", held.get("valueDecimal"))
            if not _whole(number):
                self.wrong("no-bounds", link_id)
                return NO_LIMITS
            ends.append(int(number))
        low, high = ends
        if not -LARGEST <= low < high <= LARGEST:
            self.wrong("no-bounds", link_id)
        return low, high

    def enable(self, link_id: str, entry: Table) -> Iterator[When]:
        conditions = entry.get("enableWhen", [])
        if not isinstance(conditions, list):
            self.wrong("wrong-branch", link_id)
            return
        for each in conditions:
            condition = self.condition(link_id, each)
            if condition is not None:
                yield condition

    def condition(self, link_id: str, each: Any) -> When | None:
        question = each.get("question") if isinstance(each, dict) else None
        how = next((known for known in _OPERATORS if question is not None and each.get("operator") == known), None)
        if not isinstance(question, str) or how is None:
            self.wrong("wrong-branch", link_id)
            return None
        if question not in self.codes or question == link_id:
            self.wrong("branch-on-later", link_id, question)
            return None
        number = self.wanted(question, each)
        if not _whole(number):
            self.wrong("wrong-branch", link_id)
            return None
        return When(question, how, int(number))

    def wanted(self, question: str, each: Table) -> object:
        """The number of the answer that a question waits for."""
        if "answerBoolean" in each:
            return int(bool(each["answerBoolean"]))
        if "answerInteger" in each or "answerDecimal" in each:
            return each.get("answerInteger", each.get("answerDecimal"))
        if isinstance(each.get("answerCoding"), dict):
            return self.codes[question].get(str(each["answerCoding"].get("code")))
        return None

    def text(self, table: Table, key: str, item: str) -> Text:
        words = {self.language: table[key].strip(), **self.translations(table.get(f"_{key}"), item)}
        for each in words.values():
            if len(each) > LONGEST_TEXT:
                self.wrong("text-too-long", item, LONGEST_TEXT)
            if "\x00" in each:
                self.wrong("no-text", item)
        words.setdefault("en", words[self.language])
        return MappingProxyType(words)

    def translations(self, beside: Any, item: str) -> dict[str, str]:
        words: dict[str, str] = {}
        extensions = beside.get("extension", ()) if isinstance(beside, dict) else ()
        for extension in extensions if isinstance(extensions, list) else ():
            if not isinstance(extension, dict) or extension.get("url") != TRANSLATION:
                continue
            try:
                parts = {part["url"]: part for part in extension["extension"]}
                language = parts["lang"].get("valueCode") or parts["lang"]["valueString"]
                content = parts["content"].get("valueString") or parts["content"]["valueMarkdown"]
                words[str(language).partition("-")[0]] = str(content).strip()
            except (KeyError, TypeError, AttributeError):
                self.wrong("wrong-translation", item)
        return words

    def extension(self, table: Any, url: str) -> dict[str, Any] | None:
        held = table.get("extension", ()) if isinstance(table, dict) else ()
        for each in held if isinstance(held, list) else ():
            if isinstance(each, dict) and each.get("url") == url:
                return each
        return None

    def unit(self, entry: Table) -> str:
        coding = (self.extension(entry, _UNIT) or {}).get("valueCoding")
        if not isinstance(coding, dict):
            return ""
        return str(coding.get("display") or coding.get("code") or "")[:20]

    def mark(self, coding: Table) -> Verification:
        held = self.extension(coding, VERIFICATION)
        code = held.get("valueCode") if held else None
        return next((each for each in MARKS if each == code), "verified")

    def loinc(self, table: Table) -> tuple[str | None, Verification]:
        codes = table.get("code")
        for each in codes if isinstance(codes, list) else ():
            if isinstance(each, dict) and each.get("system") == LOINC and isinstance(each.get("code"), str):
                return each["code"], self.mark(each)
        return None, "verified"

    def unverified(self) -> Iterator[str]:
        held = self.data.get("extension", ())
        for extension in held if isinstance(held, list) else ():
            if isinstance(extension, dict) and extension.get("url") == VERIFICATION:
                language = (self.extension(extension, "language") or {}).get("valueCode")
                mark = (self.extension(extension, "mark") or {}).get("valueCode")
                if isinstance(language, str) and mark != "verified":
                    yield language


YES_NO: Final = (
    Option(1, MappingProxyType({"en": "Yes", "es": "Sí"}), None, "verified"),
    Option(0, MappingProxyType({"en": "No", "es": "No"}), None, "verified"),
)
