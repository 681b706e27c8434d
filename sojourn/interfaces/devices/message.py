"""One HL7 v2 ORU^R01 message, read: bytes in, a frozen `ParsedMessage` or a `Fault` out.

It never raises, reads no clock and keeps nothing but caches. What it cannot use stays visible: codes that
nobody mapped are counted in `unmapped`, values that say "no value" stand in `not_measured`, and everything
that was forgiven stands in `warnings` as "kind:detail".

Thin on purpose: only what a monitor's vital signs need, on the path of thousands of messages a second. The
package `hl7` referees it in the tests.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import Final

from .dialects import VITALS, Dialect, Dialects, Place, Vital, fold, shipped
from .results import Fault, NotMeasured, ParsedMessage, ParsedReading, Unmapped
from .values import NUMBER, Separators, decode, header, instant, loose_number

__all__ = ["Fault", "NotMeasured", "ParsedMessage", "ParsedReading", "Reader", "Unmapped", "read"]

MOST_OBSERVATIONS = 5_000  # in one message; a monitor sends tens
VERSIONS = ("2.2", "2.3", "2.4", "2.5", "2.6")
_CACHE = 4_096  # entries; senders choose the keys, so a full cache is emptied

_SEGMENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_LOINC: Final = re.compile(r"[0-9]{1,6}-[0-9]")
_EUI64: Final = re.compile(r"[0-9A-Fa-f]{16}")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_IP: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?")
_WAVEFORMS: Final = frozenset({"NA", "MA", "ED", "RP"})
_NO_VALUE: Final = {"X": "cannot_obtain", "I": "pending", "N": "not_asked", "O": "not_asked"}  # OBX-11
_NO_VALID_VALUE: Final = {  # OBX-8, as IHE PCD writes it
    "INV": "invalid", "NAV": "cannot_obtain", "CAL": "invalid", "TEST": "test", "DEMO": "test",
}  # fmt: skip

_Label = tuple[str, str, str]  # code, name, coding system
_Hit = tuple[Vital | None, str, _Label, str]  # meaning or None, why not, label, warning
_Row = tuple[str, float, str, datetime | None, str, str, str, str, str, tuple[str, ...]]
_Absent = tuple[str, str, str, datetime | None, str, str, str]


class Reader:
    """Reads messages with a set of dialects. Its caches are not for several threads."""

    def __init__(self, dialects: Dialects) -> None:
        self.dialects = dialects
        self.hits: dict[tuple[str, str, str], dict[str, _Hit]] = {}
        self.units: dict[tuple[str, str], str] = {}
        self.times: dict[tuple[str, tzinfo], tuple[datetime | None, str]] = {}
        self.places: dict[tuple[str, ...], tuple[tuple[str, ...], str]] = {}
        self.senders: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.equipment: dict[tuple[str, str], str] = {}
        self.folded = {fold(k): v for k, v in dialects.units.items() if fold(k)}
        self._needles: dict[tuple[str, str], list[tuple[str, Dialect]]] = {}
        self._elsewhere = {  # the segments beside MSH and PV1 in which a dialect looks for identity
            d.name: sorted(({p.segment for _, p in d.devices} | {p.segment for p in d.bed + d.ward}) - {"MSH", "PV1"})
            for d in (dialects.standard, *dialects.makers)
        }

    def read(self, raw: bytes, zone: tzinfo) -> ParsedMessage | Fault:
        """Read one message body (no frame). `zone` is the clinic's, for times that name none."""
        warnings: dict[str, None] = {}
        text = decode(raw, warnings)
        if "\n" in text:
            text = text.replace("\r\n", "\r").replace("\n", "\r")
        if text[:3] != "MSH":
            text = text.lstrip(" \t\r\ufeff")
        opened = header(text, warnings)
        if isinstance(opened, Fault):
            return opened
        seps, msh = opened
        sort = msh[8].split(seps.component)
        if sort[0].strip().upper() != "ORU" or (len(sort) > 1 and sort[1].strip() not in ("R01", "")):
            said = "^".join(sort[:2]) or "none"
            return Fault("unsupported_type", f"Only ORU^R01 is taken here; this is {said[:40]!r}.", "AR")
        work = _Work(self, text, opened, zone, warnings)
        for segment in work.lines[1:]:
            tag = segment[:3]
            if tag == "OBX":
                work.observation(segment.split(seps.field))
            elif segment:
                work.other(tag, segment)
        return work.fault or work.result()

    def recognise(self, text: str, msh: list[str], seps: Separators) -> Dialect:
        """Whose message this is: by codes and coding systems first, then by the names in MSH."""
        sep, comp = seps.field, seps.component
        makers = self.dialects.makers
        needles = self._needles.get((sep, comp))
        if needles is None:
            if len(self._needles) >= 64:
                self._needles.clear()
            needles = self._needles[sep, comp] = [
                (sep + s.code.replace("^", comp) + sep if s.code else comp + s.system + sep, d)
                for d in makers
                for s in d.signs
                if s.code or s.system
            ]
        for needle, dialect in needles:
            if needle in text:
                return dialect
        for dialect in makers:
            for sign in dialect.signs:
                if sign.place and sign.starts_with:
                    number = int(sign.place[4:]) - 1  # MSH-1 is the separator itself
                    if number < len(msh) and msh[number].startswith(sign.starts_with):
                        return dialect
        return self.dialects.standard

    def resolve(self, ident: str, dialect: Dialect, seps: Separators) -> _Hit:
        """What an OBX-3 means: named coding systems, the maker's own numbers, then names.

        Where a number and a name of the same observation mean different vitals, neither is believed.
        """
        parts = seps.parts(ident)
        parts += [""] * (6 - len(parts))
        label = (parts[0][:60], parts[1][:60], parts[2][:40])
        known = self.dialects
        found: list[Vital] = []
        warning = ""
        for code, system in ((parts[0], parts[2]), (parts[3], parts[5])):
            said = known.aliases.get(system, known.aliases.get(system.upper(), system))
            hit = known.by_system.get((code, said))
            if hit is None and code and said in ("", "L"):
                hit = dialect.codes.get((code, ""))
                if hit is not None and hit.label and parts[1] and fold(parts[1]) != hit.label:
                    return None, "code_and_name_disagree", label, ""
            if hit is not None:
                found.append(hit)
        found += [known.refids[name] for name in parts[:2] + parts[3:5] if name in known.refids]
        if not found and not parts[2]:
            # a bare standard code is still that code: LOINC by its form, MDC by its number
            system = "LN" if _LOINC.fullmatch(parts[0]) else "MDC"
            if (parts[0], system) in known.by_system:
                found.append(known.by_system[parts[0], system])
                warning = f"system_assumed:{parts[0]} as {system}"
        if not found:
            hit, warning = self._by_label(parts, dialect)
            if hit is None:
                return None, "unknown_code", label, ""
            found.append(hit)
        if any(v.code != found[0].code for v in found):
            return None, "code_and_name_disagree", label, ""
        return found[0], "", label, warning

    def _by_label(self, parts: list[str], dialect: Dialect) -> tuple[Vital | None, str]:
        common = self.dialects.standard.names
        for names in (dialect.names, common):
            for text in (parts[1], parts[0]):
                hit = names.get(fold(text)) if text else None
                if hit is not None:
                    return hit, "mapped_by_label:" + text[:40] if names is common else ""
        return None, ""

    def unit(self, text: str, seps: Separators) -> str:
        """OBX-6 as UCUM; "" where none was sent, "?" where it is not understood."""
        if not text:
            return ""
        cached = self.units.get((text, seps.component))
        if cached is not None:
            return cached
        parts = [p for p in seps.parts(text) if p]
        result = "?" if parts else ""
        for part in parts:
            unit = self.dialects.units.get(part) or self.folded.get(fold(part))
            if unit:
                result = unit
                break
        if len(self.units) >= _CACHE:
            self.units.clear()
        self.units[text, seps.component] = result
        return result

    def equipment_key(self, text: str, seps: Separators) -> str:
        """OBX-18, an entity identifier: its EUI-64 where it has one."""
        cached = self.equipment.get((text, seps.component))
        if cached is not None:
            return cached
        parts = seps.parts(text)
        key = next(("eui64:" + p.upper() for p in (*parts[2:3], *parts) if _EUI64.fullmatch(p)), "")
        if not key and parts[0]:
            key = "equipment:" + "/".join(p for p in parts[:2] if p)[:80]
        if len(self.equipment) >= _CACHE:
            self.equipment.clear()
        self.equipment[text, seps.component] = key
        return key

    def sender(self, msh: list[str], seps: Separators) -> tuple[str, ...]:
        """Processing id, version, sending application and facility, receiving facility."""
        key = (msh[10], msh[11], msh[2], msh[3], msh[5], seps.component, seps.escape)
        cached = self.senders.get(key)
        if cached is None:
            if len(self.senders) >= _CACHE:
                self.senders.clear()
            cached = self.senders[key] = tuple([seps.first(text)[:180] for text in key[:5]])
        return cached

    def identity(self, first: dict[str, str], dialect: Dialect, seps: Separators) -> tuple[tuple[str, ...], str]:
        """Keys of the sending device, most specific first, and its bed."""
        pv1 = first.get("PV1", "").split(seps.field, 4)
        msh = first["MSH"].split(seps.field, 4)
        cache_key = (
            dialect.name,
            seps.component,
            seps.escape,
            seps.subcomponent,
            msh[2],
            msh[3],
            pv1[3] if len(pv1) > 3 else "",
            *[first.get(s, "") for s in self._elsewhere[dialect.name]],
        )
        cached = self.places.get(cache_key)
        if cached is None:
            if len(self.places) >= _CACHE:
                self.places.clear()
            cached = self.places[cache_key] = _identity(first, dialect, seps)
        return cached


class _Work:
    """One message while it is read."""

    __slots__ = (
        "absent", "beds", "dialect", "equipment", "fault", "first", "group", "group_at", "hits",
        "identifiers", "lines", "msh", "observations", "patient", "reader", "rows", "sent_at", "seps",
        "structure", "unmapped", "warnings", "zone",
    )  # fmt: skip

    def __init__(
        self,
        reader: Reader,
        text: str,
        opened: tuple[Separators, list[str]],
        zone: tzinfo,
        warnings: dict[str, None],
    ) -> None:
        seps, msh = opened
        self.reader = reader
        self.seps = seps
        self.msh = msh
        self.zone = zone
        self.warnings = warnings
        self.lines = text.split("\r")
        self.first = {"MSH": self.lines[0]}
        self.dialect = reader.recognise(text, msh, seps)
        self.hits = reader.hits.setdefault((self.dialect.name, seps.component, seps.escape), {})
        self.patient: tuple[str, ...] | None = None
        self.beds: str | None = None
        self.identifiers: tuple[str, ...] = ()
        self.group: list[str] | None = None
        self.group_at: datetime | None = None
        self.rows: list[_Row] = []
        self.absent: list[_Absent] = []
        self.unmapped: dict[tuple[_Label, str], int] = {}
        self.equipment: dict[str, str] = {}  # key -> where it stands in the containment tree
        self.observations = self.structure = 0
        self.fault: Fault | None = None
        self.sent_at = self.time(msh[6])

    def time(self, text: str) -> datetime | None:
        if not text:
            return None
        times = self.reader.times
        got = times.get((text, self.zone))
        if got is None:
            if len(times) >= _CACHE:
                times.clear()
            got = times[text, self.zone] = instant(text.split(self.seps.component, 1)[0].strip(), self.zone)
        if got[1]:
            self.warnings[got[1]] = None
        return got[0]

    def group_time(self) -> datetime | None:
        """The time of the group (OBR-7, else OBR-14, else OBR-22), else the message's."""
        group, self.group = self.group, None
        if group is not None:
            self.group_at = None
            for number in (7, 14, 22):
                if self.group_at is None and len(group) > number:
                    self.group_at = self.time(group[number])
        return self.group_at or self.sent_at

    def leave(self, label: _Label, reason: str) -> None:
        self.unmapped[label, reason] = self.unmapped.get((label, reason), 0) + 1

    def observation(self, f: list[str]) -> None:  # noqa: PLR0912, PLR0915 - the hot path, in one piece
        """One OBX. Every way out leaves a trace."""
        self.observations += 1
        if len(f) < 19:
            f += [""] * (19 - len(f))
        ident, value, status, kind = f[3], f[5], f[11].strip()[:8], f[2].strip()
        hit = self.hits.get(ident)
        if hit is None:
            if len(self.hits) >= _CACHE:
                self.hits.clear()
            hit = self.hits[ident] = self.reader.resolve(ident, self.dialect, self.seps)
        vital, reason, label, warning = hit
        key = ""
        if f[18]:
            key = self.reader.equipment_key(f[18], self.seps)
            if key:
                self.equipment.setdefault(key, f[4])
        if vital is None and not value and not kind and status in ("X", ""):
            self.structure += 1
            return
        if kind in _WAVEFORMS:
            self.leave(label, "waveform")
            return
        if vital is None:
            self.leave(label, reason)
            return
        if warning:
            self.warnings[warning] = None
        at = (self.time(f[14]) if f[14] else None) or self.group_time()
        flags: tuple[str, ...] = ()
        absent = _NO_VALUE.get(status, "")
        if f[8]:
            flags = tuple(self.seps.first(x)[:20] for x in f[8].split(self.seps.repetition)[:8] if x)
            absent = absent or next((_NO_VALID_VALUE[x] for x in flags if x in _NO_VALID_VALUE), "")
        number, bound = 0.0, ""
        if not absent:
            if NUMBER.fullmatch(value):
                number = float(value)
            else:
                got = loose_number(value, kind, self.seps, self.dialect.blanks)
                if got == "not_a_number":
                    self.leave(label, got)
                    return
                if isinstance(got, str):
                    absent = "deleted" if status in ("D", "W") else got
                else:
                    number, bound = got
            if not absent and number in self.dialect.sentinels:
                absent = "sentinel"
        sub_id = f[4][:80]
        if absent:
            self.absent.append((vital.code, absent, value[:80], at, sub_id, key, vital.method))
            return
        unit = self.reader.unit(f[6], self.seps)
        if unit == "":
            unit = self.dialect.assumed_units.get(vital.code, "?")
            if unit != "?":
                self.warnings["unit_assumed:" + vital.code] = None
        if unit not in VITALS[vital.code]:
            self.leave(label, "unit")
            return
        method = vital.method or (self.seps.first(f[17])[:40] if f[17] else "")
        self.rows.append((vital.code, number, unit, at, status, method, sub_id, key, bound, flags))

    def other(self, tag: str, segment: str) -> None:
        seps = self.seps
        if tag == "OBR":
            self.group = segment.split(seps.field, 23)
            self.first.setdefault(tag, segment)
        elif tag == "PID":
            found = _identifiers(segment.split(seps.field, 4), seps)
            if self.patient is None:
                self.patient = self.identifiers = found
            elif found != self.patient:
                self.refuse("several_patients", "The message speaks of several patients; nothing was taken.")
        elif tag == "PV1":
            f = segment.split(seps.field, 20)
            where = f[3] if len(f) > 3 else ""
            if self.beds is None:
                self.beds = where
                self.first[tag] = segment
            elif where != self.beds:
                self.refuse("several_beds", "The message speaks of several beds; nothing was taken.")
            visit = seps.first(f[19])[:100] if len(f) > 19 else ""
            if visit and visit not in self.identifiers:
                self.identifiers += (visit,)
        elif tag == "MSH":
            self.refuse("several_messages", "Two messages came in one frame; neither was taken.")
        elif _SEGMENT.fullmatch(tag) and (len(segment) == 3 or segment[3] == seps.field):
            self.first.setdefault(tag, segment)
        elif segment.strip():
            self.warnings["stray_line:" + segment[:20]] = None

    def refuse(self, kind: str, reason: str) -> None:
        self.fault = self.fault or Fault(kind, reason, "AR")

    def result(self) -> ParsedMessage | Fault:
        seps, msh, warnings = self.seps, self.msh, self.warnings
        if self.observations > MOST_OBSERVATIONS:
            return Fault("too_many", f"More than {MOST_OBSERVATIONS} observations in one message.", "AR")
        if not self.observations:
            warnings["no_observations:"] = None
        processing_id, version, app, facility, receiver = self.reader.sender(msh, seps)
        if version[:3] not in VERSIONS:
            warnings["version:" + version[:20]] = None
        control_id = seps.plain(msh[9])[:200]
        if not control_id:
            warnings["no_control_id:"] = None
        keys, bed = self.reader.identity(self.first, self.dialect, seps)
        equipment = self.equipment
        if equipment:
            keys = tuple(dict.fromkeys((*equipment, *keys)))[:8]
        default = keys[0] if keys else ""
        branches = equipment if len(equipment) > 1 else {}
        return ParsedMessage(
            control_id=control_id,
            processing_id=processing_id[:8],
            version=version[:20],
            sending_app=app,
            sending_facility=facility,
            receiving_facility=receiver,
            device_keys=keys,
            patient_identifiers=self.identifiers,
            bed=bed,
            sent_at=self.sent_at,
            readings=tuple(
                [
                    ParsedReading(
                        code,
                        number,
                        unit,
                        at,
                        status,
                        method,
                        sub,
                        key or _nearest(sub, branches) or default,
                        bound,
                        flags,
                    )
                    for code, number, unit, at, status, method, sub, key, bound, flags in self.rows
                ]
            ),
            unmapped=tuple([Unmapped(*what, why, count) for (what, why), count in self.unmapped.items()]),
            not_measured=tuple(
                [
                    NotMeasured(code, why, value, at, sub, key or _nearest(sub, branches) or default, method)
                    for code, why, value, at, sub, key, method in self.absent
                ]
            ),
            warnings=tuple(warnings),
            dialect=self.dialect.name,
            structure_rows=self.structure,
        )


def _identifiers(f: list[str], seps: Separators) -> tuple[str, ...]:
    """PID-3 with all its repetitions; PID-2 where that is empty (as before v2.3)."""
    for number in (3, 2):
        if len(f) > number and f[number]:
            ids = [seps.first(r)[:100] for r in f[number].split(seps.repetition)[:20]]
            got = tuple(dict.fromkeys(i for i in ids if i))
            if got:
                return got
    return ()


def _nearest(sub_id: str, equipment: dict[str, str]) -> str:
    """The device whose branch of the containment tree (OBX-4) holds this observation; "" if none does."""
    best, depth = "", 0
    for key, where in equipment.items():
        branch = where.split(".")
        while branch and branch[-1] == "0":  # 1.13.0.0 is the whole of 1.13
            branch.pop()
        if len(branch) > depth and sub_id.split(".")[: len(branch)] == branch:
            best, depth = key, len(branch)
    return best


def _at(first: dict[str, str], where: Place, seps: Separators) -> str:
    f = first.get(where.segment, "").split(seps.field)
    number = where.field - 1 if where.segment == "MSH" else where.field
    text = f[number] if number < len(f) else ""
    for cut, part in ((seps.component, where.component), (seps.subcomponent, where.subcomponent)):
        if part:
            parts = text.split(cut) if cut else [text]
            text = parts[part - 1] if part <= len(parts) else ""
    return seps.plain(text)


def _identity(first: dict[str, str], dialect: Dialect, seps: Separators) -> tuple[tuple[str, ...], str]:
    bed = next((b for b in (_at(first, p, seps) for p in dialect.bed) if b), "")[:100]
    ward = next((w for w in (_at(first, p, seps) for p in dialect.ward) if w), "")
    keys: dict[str, None] = {}
    for kind, where in dialect.devices:
        value = _at(first, where, seps)
        if kind == "ip":
            value = _address(value)
        elif kind == "mac":
            value = value.replace("-", "").replace(":", "").upper() if _MAC.fullmatch(value) else ""
        elif kind == "eui64":
            value = next((p.upper() for p in value.split(seps.component) if _EUI64.fullmatch(p)), "")
        elif kind == "bed":
            value = (f"{ward}/{bed}" if ward not in ("", bed) else bed) if bed else ""
        elif kind == "app":
            names = [seps.first(_at(first, Place("MSH", n, 1, 0), seps)) for n in (3, 4)]
            value = "/".join(n for n in names if n)
        if value:
            keys[f"{kind}:{value}"[:120]] = None
    return tuple(keys), bed


def _address(text: str) -> str:
    """An IP address, also where a gateway writes it as one number."""
    if text.isascii() and text.isdigit() and 8 <= len(text) <= 10 and int(text) <= 0xFFFFFFFF:
        return ".".join(str(int(text) >> shift & 255) for shift in (24, 16, 8, 0))
    return text if _IP.fullmatch(text) else ""


_readers: list[Reader] = []


def read(raw: bytes, zone: tzinfo) -> ParsedMessage | Fault:
    """Read one message body with the shipped dialects; see `Reader.read`."""
    if not _readers:
        _readers.append(Reader(shipped()))
    return _readers[0].read(raw, zone)
