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
from functools import cache
from typing import Final, NamedTuple

from sojourn.care.vitals import whose

from .dialects import VITALS, Dialect, Dialects, Place, Vital, fold_unit, shipped
from .meaning import Hit, Label, meaning_of
from .pairing import PRESSURES, measurements
from .quality import PLAIN, VALUE, Flags, Status, flags_of, rate_doubt, status_of
from .query import query_of
from .results import Assumed, Fault, NotMeasured, ParsedMessage, ParsedReading, Unmapped, Withdrawal
from .values import NUMBER, Separators, decode, header, instant, loose_number, zone_of

__all__ = ["Fault", "NotMeasured", "ParsedMessage", "ParsedReading", "Reader", "Unmapped", "Withdrawal", "read"]

MOST_OBSERVATIONS = 5_000  # in one message; a monitor sends tens
VERSIONS = ("2.2", "2.3", "2.4", "2.5", "2.6")
_CACHE = 4_096  # entries; senders choose the keys, so a full cache is emptied

_SEGMENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_EUI64: Final = re.compile(r"[0-9A-Fa-f]{16}")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_IP: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?")
_NO_NUMBERS: Final = {  # OBX-2 of rows that can hold no single number
    "NA": "waveform", "MA": "waveform", "ED": "waveform", "RP": "waveform",
    "DT": "not_a_number", "TM": "not_a_number", "TS": "not_a_number", "DTM": "not_a_number",
}  # fmt: skip
_SAYS_NONE: Final = frozenset({"empty", "sentinel", "out_of_range"})  # of a number: the monitor has none

# code, number, unit, at, status, method, sub-id, device, bound, flags, doubt, group, identifier
_Row = tuple[str, float, str, datetime | None, str, str, str, str, str, tuple[str, ...], str, int, str]
# code, why, number, at, sub-id, device, identifier, unit, method
_Withdrawn = tuple[str, str, float | None, datetime | None, str, str, str, str, str]
_Absent = tuple[str, str, str, datetime | None, str, str, str]


class _Needles(NamedTuple):
    """What to look for in a text with these separators, and whose it is."""

    systems: list[tuple[str, Dialect]]
    codes: list[tuple[str, Dialect]]
    nomenclature: str


class Reader:
    """Reads messages with a set of dialects. Its caches are not for several threads."""

    def __init__(self, dialects: Dialects) -> None:
        self.dialects = dialects
        self.hits: dict[tuple[str, str, str], dict[str, Hit]] = {}
        self.statuses: dict[str, dict[str, tuple[str, Status]]] = {}
        self.flags: dict[tuple[str, str], tuple[tuple[str, ...], Flags]] = {}
        self.units: dict[tuple[str, str], str] = {}
        self.times: dict[tuple[str, tzinfo], tuple[datetime | None, str]] = {}
        self.places: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...], str]] = {}
        self.senders: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.equipment: dict[tuple[str, str], str] = {}
        self.folded = {fold_unit(k): v for k, v in dialects.units.items()}
        self._needles: dict[tuple[str, str], _Needles] = {}
        self._named: dict[tuple[str, str], Dialect] = {}
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
        if sort[0].strip().upper() not in ("ORU", "ORU_R01") or (len(sort) > 1 and sort[1].strip() not in ("R01", "")):
            asked = query_of(text, seps, msh)
            if asked is not None:
                return asked
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
        needles = self._needles.get((seps.field, seps.component)) or self._needles_for(seps)
        for needle, dialect in needles.systems:
            if needle in text and _in_identifier(text, needle, seps):
                return dialect
        if needles.nomenclature not in text:  # numbers of a maker's own stand beside no coding system
            for needle, dialect in needles.codes:
                if needle in text:
                    return dialect
        names = (msh[2], msh[3])
        known = self._named.get(names)
        if known is None:
            if len(self._named) >= _CACHE:
                self._named.clear()
            known = self._named[names] = self._by_name(msh)
        return known

    def _needles_for(self, seps: Separators) -> _Needles:
        sep, comp = seps.field, seps.component
        if len(self._needles) >= 64:
            self._needles.clear()
        signs = [(sign, dialect) for dialect in self.dialects.makers for sign in dialect.signs]
        needles = self._needles[sep, comp] = _Needles(
            [(comp + s.system + sep, d) for s, d in signs if s.system],
            [(sep + s.code.replace("^", comp) + sep, d) for s, d in signs if s.code],
            comp + "MDC" + sep,
        )
        return needles

    def _by_name(self, msh: list[str]) -> Dialect:
        for dialect in self.dialects.makers:
            for sign in dialect.signs:
                if sign.starts_with and msh[int(sign.place[4:]) - 1].startswith(sign.starts_with):  # MSH-1 is itself
                    return dialect
        return self.dialects.standard

    def unit(self, text: str, seps: Separators) -> str:
        """OBX-6 as UCUM; "" where none was sent, "?" where it is not understood."""
        if not text:
            return ""
        cached = self.units.get((text, seps.component))
        if cached is not None:
            return cached
        parts = [p for p in seps.parts(text) if p]
        said = {u for u in (self.dialects.units.get(p) or self.folded.get(fold_unit(p)) for p in parts) if u}
        # a code and a word that mean two units mean neither; nor does what nobody knows
        result = said.pop() if len(said) == 1 else "?" if parts else ""
        if len(self.units) >= _CACHE:
            self.units.clear()
        self.units[text, seps.component] = result
        return result

    def flagged(self, text: str, seps: Separators) -> tuple[tuple[str, ...], Flags]:
        """OBX-8: its flags, and what they say together."""
        cached = self.flags.get((text, seps.repetition))
        if cached is None:
            flags = tuple(seps.first(x)[:20] for x in text.split(seps.repetition)[:8] if x)
            if len(self.flags) >= _CACHE:
                self.flags.clear()
            cached = self.flags[text, seps.repetition] = flags, flags_of(flags)
        return cached

    def equipment_key(self, text: str, seps: Separators) -> str:
        """OBX-18, an entity identifier: its EUI-64 where it has one."""
        cached = self.equipment.get((text, seps.component))
        if cached is not None:
            return cached
        parts = seps.parts(text)
        key = next(("eui64:" + p.upper() for p in (*parts[2:3], *parts) if _EUI64.fullmatch(p)), "")
        if not key and parts[0]:
            key = whose.key("equipment", "/".join(whose.equipment(p) for p in parts[:2] if p))
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

    def identity(
        self, first: dict[str, str], dialect: Dialect, seps: Separators
    ) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """Keys of the sending device, most specific first; those of the gateway in its header; and its bed."""
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
        "absent", "assumed", "beds", "dialect", "equipment", "fault", "first", "group", "group_at", "groups", "hits",
        "identifiers", "keys", "lines", "msh", "observations", "patient", "pressures", "reader", "rows", "sent_at",
        "seps", "statuses", "structure", "unmapped", "warnings", "withdrawn", "zone",
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
        self.statuses = reader.statuses.setdefault(self.dialect.name, {})
        self.patient: tuple[str, ...] | None = None
        self.beds: str | None = None
        self.identifiers: tuple[str, ...] = ()
        self.group: list[str] | None = None
        self.group_at: datetime | None = None
        self.rows: list[_Row] = []
        self.absent: list[_Absent] = []
        self.withdrawn: list[_Withdrawn] = []
        self.assumed: dict[str, int] = {}
        self.unmapped: dict[tuple[Label, str], tuple[int, str]] = {}  # how often, and OBX-6 of the first
        self.groups = 0
        self.pressures = False
        self.equipment: dict[str, str] = {}  # key -> where it stands in the containment tree
        self.observations = self.structure = 0
        self.fault: Fault | None = None
        self.sent_at = self.time(msh[6])
        stated = zone_of(msh[6].split(seps.component, 1)[0].strip())
        if stated is not None:  # HL7 v2, MSH-7: its zone is the default of every time in the message
            self.zone = stated

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

    def leave(self, label: Label, reason: str, unit: str) -> None:
        count, first = self.unmapped.get((label, reason), (0, unit[:60]))
        self.unmapped[label, reason] = count + 1, first

    def meaning(self, ident: str) -> Hit:
        if len(self.hits) >= _CACHE:
            self.hits.clear()
        hit = self.hits[ident] = meaning_of(ident, self.dialect, self.reader.dialects, self.seps)
        return hit

    def status(self, text: str) -> tuple[str, Status]:
        """OBX-11: its letter, and what it means to this maker."""
        if len(self.statuses) >= _CACHE:
            self.statuses.clear()
        letter, means = status_of(text)
        known = self.statuses[text] = letter, self.dialect.statuses.get(letter, means)
        return known

    def observation(self, f: list[str]) -> None:
        """One OBX. Every way out leaves a trace."""
        self.observations += 1
        if len(f) < 19:
            f += [""] * (19 - len(f))
        hit = self.hits.get(f[3]) or self.meaning(f[3])
        key = ""
        if f[18]:
            key = self.reader.equipment_key(f[18], self.seps)
            if key:
                self.equipment.setdefault(key, f[4])
        kind = f[2] if f[2] == "NM" else f[2].strip().upper()
        if hit.vital is not None and kind not in _NO_NUMBERS:
            if hit.warning:
                self.warnings[hit.warning] = None
            letter, status = self.statuses.get(f[11]) or self.status(f[11])
            if status is VALUE:
                self.value(f, hit, hit.vital, kind, key, letter, "")
            else:
                self.marked(f, hit, hit.vital, kind, key, letter, status)
        elif hit.vital is None and not kind and not f[5] and f[11].strip() in ("X", ""):
            self.structure += 1
        else:
            self.leave(hit.label, _NO_NUMBERS.get(kind, hit.reason), f[6])

    def marked(self, f: list[str], hit: Hit, vital: Vital, kind: str, key: str, letter: str, status: Status) -> None:
        """A row of a vital sign whose status says more than that a value stands there."""
        means, why = status.meaning, status.reason
        if means == "no_value":
            self.gone(f, vital, why, key)
        elif means == "withdrawn":
            self.withdraw(f, hit, vital, kind, key, why)
        elif means == "refused" and f[5].strip():
            self.leave(hit.label, why, f[6])
        elif means == "refused":
            self.gone(f, vital, "not_asked", key)
        elif means == "repeats" and not f[5].strip():
            self.structure += 1
        else:
            self.value(f, hit, vital, kind, key, letter, why)

    def when(self, f: list[str]) -> datetime | None:
        return (self.time(f[14]) if f[14] else None) or self.group_time()

    def gone(self, f: list[str], vital: Vital, why: str, key: str) -> None:
        self.absent.append((vital.code, why, f[5][:80], self.when(f), f[4][:80], key, vital.method))

    def number(self, text: str, kind: str) -> tuple[float, str] | str:
        """OBX-5 as a number and its bound, or why it is none."""
        if NUMBER.fullmatch(text):
            number, bound = float(text), ""
        else:
            got = loose_number(text, kind, self.seps, self.dialect.blanks)
            if isinstance(got, str):
                return got
            number, bound = got
        return "sentinel" if number in self.dialect.sentinels else (number, bound)

    def value(self, f: list[str], hit: Hit, vital: Vital, kind: str, key: str, letter: str, doubt: str) -> None:
        """A row of a vital sign in which a value should stand."""
        flags: tuple[str, ...] = ()
        said = PLAIN
        if f[8]:
            flags, said = self.reader.flagged(f[8], self.seps)
            if said.absent:
                return self.gone(f, vital, said.absent, key)
        got = self.number(f[5], kind)
        if isinstance(got, str):
            return self.gone(f, vital, got, key) if got in _SAYS_NONE else self.leave(hit.label, got, f[6])
        unit = self.reader.units.get((f[6], self.seps.component)) or self.unit_of(f[6], vital)
        if unit not in VITALS[vital.code]:
            return self.leave(hit.label, "unit", f[6])
        number, bound = got[0], got[1] or said.comparator
        if bound:
            doubt = "bound"
        elif said.doubt or 0 < number < 1:
            doubt = said.doubt or doubt or rate_doubt(vital.code, number)
        method = hit.method or (_method(f[17], self.seps) if f[17] else "")
        if vital.code in PRESSURES:
            self.pressures = True
        self.rows.append((
            vital.code, number, unit, (self.time(f[14]) if f[14] else None) or self.group_time(), letter, method,
            f[4][:80], key, bound, flags, doubt, self.groups, hit.identifier,
        ))  # fmt: skip
        return None

    def unit_of(self, text: str, vital: Vital) -> str:
        """OBX-6 as UCUM; where none was sent, the customary one, counted and named."""
        unit = self.reader.unit(text, self.seps)
        if unit == "":
            unit = self.dialect.assumed_units.get(vital.code, "?")
            if unit != "?":
                self.warnings["unit_assumed:" + vital.code] = None
                self.assumed[vital.code] = self.assumed.get(vital.code, 0) + 1
        return unit

    def withdraw(self, f: list[str], hit: Hit, vital: Vital, kind: str, key: str, why: str) -> None:
        """The monitor takes a value back: by what it was known, and the value where it stands there again. A row that
        is marked as a test takes nothing back."""
        if f[8] and self.reader.flagged(f[8], self.seps)[1].absent == "test":
            return self.gone(f, vital, "test", key)
        got = self.number(f[5], kind)
        number = None if isinstance(got, str) else got[0]
        unit = self.reader.unit(f[6], self.seps) or self.dialect.assumed_units.get(vital.code, "?")
        if unit not in VITALS[vital.code]:  # then the number says nothing; the rest of the row does
            number, unit = None, ""
        method = hit.method or (_method(f[17], self.seps) if f[17] else "")
        self.withdrawn.append((vital.code, why, number, self.when(f), f[4][:80], key, hit.identifier, unit, method))
        return None

    def other(self, tag: str, segment: str) -> None:
        seps = self.seps
        if tag == "OBR":
            self.groups += 1
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
        own, gateway, bed = self.reader.identity(self.first, self.dialect, seps)
        equipment = self.equipment
        keys = whose.narrowed((*equipment, *own), gateway)[:8] if equipment else own or gateway
        default = keys[0] if keys else ""
        self.keys = keys
        branches = equipment if len(equipment) > 1 else {}
        return ParsedMessage(
            control_id=control_id,
            processing_id=processing_id[:8],
            version=version[:20],
            sending_app=app,
            sending_facility=facility,
            receiving_facility=receiver,
            device_keys=keys,
            gateway_keys=gateway,
            patient_identifiers=self.identifiers,
            bed=bed,
            sent_at=self.sent_at,
            readings=self.readings(branches, default),
            unmapped=tuple([Unmapped(*what, why, *times) for (what, why), times in self.unmapped.items()]),
            not_measured=tuple(
                [
                    NotMeasured(
                        code, why, value, at, sub, (key in keys and key) or _nearest(sub, branches) or default, method
                    )
                    for code, why, value, at, sub, key, method in self.absent
                ]
            ),
            warnings=tuple(warnings),
            dialect=self.dialect.name,
            structure_rows=self.structure,
            withdrawn=()
            if not self.withdrawn
            else tuple(
                [
                    Withdrawal(
                        code,
                        "wrong" if why == "wrong" else "deleted",
                        number,
                        at,
                        sub,
                        (key in keys and key) or _nearest(sub, branches) or default,
                        identifier,
                        unit,
                        method,
                    )
                    for code, why, number, at, sub, key, identifier, unit, method in self.withdrawn
                ]
            ),
            assumed=tuple([Assumed(code, self.dialect.assumed_units[code], n) for code, n in self.assumed.items()]),
        )

    def readings(self, branches: dict[str, str], default: str) -> tuple[ParsedReading, ...]:
        devices = [
            (row[7] in self.keys and row[7]) or (branches and _nearest(row[6], branches)) or default
            for row in self.rows
        ]
        pairs: dict[int, str] = {}
        if self.pressures:
            pairs = measurements(
                (i, r[0], r[3], r[6], devices[i], r[11]) for i, r in enumerate(self.rows) if r[0] in PRESSURES
            )
        place, made = -1, []
        for code, number, unit, at, status, method, sub, _, bound, flags, doubt, _, identifier in self.rows:
            place += 1
            made.append(
                ParsedReading(
                    code,
                    number,
                    unit,
                    at,
                    status,
                    method,
                    sub,
                    devices[place],
                    bound,
                    flags,
                    doubt,
                    pairs.get(place, "") if pairs else "",
                    identifier,
                )
            )
        return tuple(made)


def _method(text: str, seps: Separators) -> str:
    """OBX-17: the words of a coded method, else what stands first."""
    parts = seps.parts(text)
    return (parts[1] if len(parts) > 2 and parts[1] else parts[0])[:40]


def _in_identifier(text: str, needle: str, seps: Separators) -> bool:
    """Whether it stands in any OBX-3: a unit in a maker's coding system does not make a message that maker's."""
    at = text.find(needle)
    while at >= 0:
        before = text[text.rfind("\r", 0, at) + 1 : at]
        if before[:3] == "OBX" and before.count(seps.field) == 3:
            return True
        at = text.find(needle, at + 1)
    return False


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
    text = _raw(first, where, seps)
    if where.subcomponent:
        parts = text.split(seps.subcomponent) if seps.subcomponent else [text]
        text = parts[where.subcomponent - 1] if where.subcomponent <= len(parts) else ""
    return seps.plain(text)


def _raw(first: dict[str, str], where: Place, seps: Separators) -> str:
    """A component as it was sent, its subcomponents together."""
    f = first.get(where.segment, "").split(seps.field)
    number = where.field - 1 if where.segment == "MSH" else where.field
    text = f[number] if number < len(f) else ""
    if where.component:
        parts = text.split(seps.component) if seps.component else [text]
        text = parts[where.component - 1] if where.component <= len(parts) else ""
    return text


def _identity(
    first: dict[str, str], dialect: Dialect, seps: Separators
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    bed = next((b for b in (_place(first, p, seps) for p in dialect.bed) if b), "")[:100]
    ward = next((w for w in (_at(first, p, seps) for p in dialect.ward) if w), "")
    room, facility = (_place(first, Place("PV1", 3, n, 0), seps) for n in (2, 4))
    own: dict[str, None] = {}
    gateway: dict[str, None] = {}
    for kind, where in dialect.devices:
        value = _at(first, where, seps)
        if kind == "ip":
            value = _address(value)
        elif kind == "mac":
            value = value.replace("-", "").replace(":", "").upper() if _MAC.fullmatch(value) else ""
        elif kind == "eui64":
            value = next((p.upper() for p in value.split(seps.component) if _EUI64.fullmatch(p)), "")
        elif kind == "bed":
            value = whose.bed_value(ward, room, bed, facility)
        elif kind == "app":
            names = [seps.first(_at(first, Place("MSH", n, 1, 0), seps)) for n in (3, 4)]
            value = "/".join(n for n in names if n)
        if value:
            (gateway if where.segment == "MSH" else own)[whose.key(kind, value)] = None
    return tuple(own), tuple(gateway), bed


def _place(first: dict[str, str], where: Place, seps: Separators) -> str:
    """What names a place: where its first subcomponent is empty (``&10``), the next one that is not."""
    if where.subcomponent > 1:
        return _at(first, where, seps)
    text = _raw(first, where, seps)
    parts = text.split(seps.subcomponent) if seps.subcomponent else [text]
    return next((found for found in map(seps.plain, parts) if found), "")


def _address(text: str) -> str:
    """An IP address without its port, also where a gateway writes it as one number."""
    if text.isascii() and text.isdigit() and 8 <= len(text) <= 10 and int(text) <= 0xFFFFFFFF:
        return ".".join(str(int(text) >> shift & 255) for shift in (24, 16, 8, 0))
    return text.partition(":")[0] if _IP.fullmatch(text) else ""


@cache
def _shipped_reader() -> Reader:
    return Reader(shipped())


def read(raw: bytes, zone: tzinfo) -> ParsedMessage | Fault:
    """Read one message body with the shipped dialects; see `Reader.read`."""
    return _shipped_reader().read(raw, zone)
