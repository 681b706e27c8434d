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
from typing import Final

from sojourn.care.vitals import whose

from . import results
from .dialects import VITALS, Dialect, Dialects, Vital, fold_unit, shipped
from .identity import EUI64, identifiers_of, identity_of, nearest
from .meaning import Hit, Label, meaning_of
from .pairing import PRESSURES, measurements
from .quality import PLAIN, VALUE, Flags, Status, flags_of, rate_doubt, status_of
from .query import query_of
from .recognising import Recogniser
from .results import Assumed, Fault, NotMeasured, ParsedMessage, ParsedReading, Unmapped, Withdrawal
from .values import NUMBER, Kept, Separators, decode, header, instant, loose_number, method_of, zone_of

__all__ = ["Fault", "NotMeasured", "ParsedMessage", "ParsedReading", "Reader", "Unmapped", "Withdrawal", "read"]
MOST_OBSERVATIONS = 5_000  # in one message; a monitor sends tens
VERSIONS = ("2.2", "2.3", "2.4", "2.5", "2.6")
_SEGMENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_NO_NUMBERS: Final = {  # OBX-2 of rows that can hold no single number
    "NA": "waveform", "MA": "waveform", "ED": "waveform", "RP": "waveform",
    "DT": "not_a_number", "TM": "not_a_number", "TS": "not_a_number", "DTM": "not_a_number",
}  # fmt: skip
_SAYS_NONE: Final = frozenset({"empty", "sentinel", "out_of_range"})  # of a number: the monitor has none


class Reader:
    """Reads messages with a set of dialects. Its caches are not for several threads."""

    def __init__(self, dialects: Dialects) -> None:
        self.dialects = dialects
        self.hits: dict[tuple[str, str, str], Kept[str, Hit]] = {}
        self.statuses: dict[str, Kept[str, tuple[str, Status]]] = {}
        self.flags: Kept[tuple[str, str], tuple[tuple[str, ...], Flags]] = Kept()
        self.units: Kept[tuple[str, str], str] = Kept()
        self.times: Kept[tuple[str, tzinfo], tuple[datetime | None, str]] = Kept()
        self.places: Kept[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...], str]] = Kept()
        self.senders: Kept[tuple[str, ...], tuple[str, ...]] = Kept()
        self.equipment: Kept[tuple[str, str], str] = Kept()
        self.folded = {fold_unit(k): v for k, v in dialects.units.items()}
        self.recogniser = Recogniser(dialects)
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
        self.units[text, seps.component] = result
        return result

    def flagged(self, text: str, seps: Separators) -> tuple[tuple[str, ...], Flags]:
        """OBX-8: its flags, and what they say together."""
        cached = self.flags.get((text, seps.repetition))
        if cached is None:
            flags = tuple(seps.first(x)[:20] for x in text.split(seps.repetition)[:8] if x)
            cached = self.flags[text, seps.repetition] = flags, flags_of(flags)
        return cached

    def equipment_key(self, text: str, seps: Separators) -> str:
        """OBX-18, an entity identifier: its EUI-64 where it has one."""
        cached = self.equipment.get((text, seps.component))
        if cached is not None:
            return cached
        parts = seps.parts(text)
        key = next(("eui64:" + p.upper() for p in (*parts[2:3], *parts) if EUI64.fullmatch(p)), "")
        if not key and parts[0]:
            key = whose.key("equipment", "/".join(whose.equipment(p) for p in parts[:2] if p))
        self.equipment[text, seps.component] = key
        return key

    def sender(self, msh: list[str], seps: Separators) -> tuple[str, ...]:
        """Processing id, version, sending application and facility, receiving facility."""
        key = (msh[10], msh[11], msh[2], msh[3], msh[5], seps.component, seps.escape)
        cached = self.senders.get(key)
        if cached is None:
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
            cached = self.places[cache_key] = identity_of(first, dialect, seps)
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
        self.dialect = reader.recogniser.recognise(text, msh, seps)
        self.hits = reader.hits.setdefault((self.dialect.name, seps.component, seps.escape), Kept())
        self.statuses = reader.statuses.setdefault(self.dialect.name, Kept())
        self.patient: tuple[str, ...] | None = None
        self.beds: str | None = None
        self.identifiers: tuple[str, ...] = ()
        self.group: list[str] | None = None
        self.group_at: datetime | None = None
        self.rows: list[results.Row] = []
        self.absent: list[results.AbsentRow] = []
        self.withdrawn: list[results.WithdrawnRow] = []
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
        hit = self.hits[ident] = meaning_of(ident, self.dialect, self.reader.dialects, self.seps)
        return hit

    def status(self, text: str) -> tuple[str, Status]:
        """OBX-11: its letter, and what it means to this maker."""
        letter, means = status_of(text)
        known = self.statuses[text] = letter, self.dialect.statuses.get(letter, means)
        return known

    def observation(self, f: list[str]) -> None:
        """One OBX. Every way out leaves a trace."""
        self.observations += 1
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
        doubt = "bound" if bound else said.doubt or doubt or rate_doubt(vital.code, number)
        method = hit.method or (method_of(f[17], self.seps) if f[17] else "")
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
        if self.reader.flagged(f[8], self.seps)[1].absent == "test":
            return self.gone(f, vital, "test", key)
        got = self.number(f[5], kind)
        number = None if isinstance(got, str) else got[0]
        unit = self.reader.unit(f[6], self.seps) or self.dialect.assumed_units.get(vital.code, "?")
        if unit not in VITALS[vital.code]:  # then the number says nothing; the rest of the row does
            number, unit = None, ""
        method = hit.method or (method_of(f[17], self.seps) if f[17] else "")
        self.withdrawn.append((vital.code, why, number, self.when(f), f[4][:80], key, hit.identifier, unit, method))
        return None

    def other(self, tag: str, segment: str) -> None:
        seps = self.seps
        if tag == "OBR":
            self.groups += 1
            self.group = segment.split(seps.field, 23)
            self.first.setdefault(tag, segment)
        elif tag == "PID":
            self.of_patient(segment)
        elif tag == "PV1":
            self.of_visit(segment)
        elif tag == "MSH":
            self.refuse("several_messages", "Two messages came in one frame; neither was taken.")
        elif _SEGMENT.fullmatch(tag) and (len(segment) == 3 or segment[3] == seps.field):
            self.first.setdefault(tag, segment)
        elif segment.strip():
            self.warnings["stray_line:" + segment[:20]] = None

    def of_patient(self, segment: str) -> None:
        found = identifiers_of(segment.split(self.seps.field, 4), self.seps)
        if self.patient is None:
            self.patient = self.identifiers = found
        elif found != self.patient:
            self.refuse("several_patients", "The message speaks of several patients; nothing was taken.")

    def of_visit(self, segment: str) -> None:
        f = segment.split(self.seps.field, 20)
        where = f[3] if len(f) > 3 else ""
        if self.beds is None:
            self.beds = where
            self.first["PV1"] = segment
        elif where != self.beds:
            self.refuse("several_beds", "The message speaks of several beds; nothing was taken.")
        visit = self.seps.first(f[19])[:100] if len(f) > 19 else ""
        if visit and visit not in self.identifiers:
            self.identifiers += (visit,)

    def refuse(self, kind: str, reason: str) -> None:
        self.fault = self.fault or Fault(kind, reason, "AR")

    def result(self) -> ParsedMessage | Fault:
        seps, msh, warnings = self.seps, self.msh, self.warnings
        if self.observations > MOST_OBSERVATIONS:
            return Fault("too_many", f"More than {MOST_OBSERVATIONS} observations in one message.", "AR")
        processing_id, version, app, facility, receiver = self.reader.sender(msh, seps)
        control_id = seps.plain(msh[9])[:200]
        self.remark(version, control_id)
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
            not_measured=self.not_measured(branches, default) if self.absent else (),
            warnings=tuple(warnings),
            dialect=self.dialect.name,
            structure_rows=self.structure,
            withdrawn=self.withdrawals(branches, default) if self.withdrawn else (),
            assumed=tuple([Assumed(code, self.dialect.assumed_units[code], n) for code, n in self.assumed.items()]),
        )

    def remark(self, version: str, control_id: str) -> None:
        """What is odd about the message as a whole."""
        if not self.observations:
            self.warnings["no_observations:"] = None
        if version[:3] not in VERSIONS:
            self.warnings["version:" + version[:20]] = None
        if not control_id:
            self.warnings["no_control_id:"] = None

    def not_measured(self, branches: dict[str, str], default: str) -> tuple[NotMeasured, ...]:
        keys = self.keys
        return tuple(
            [
                NotMeasured(
                    code, why, value, at, sub, (key in keys and key) or nearest(sub, branches) or default, method
                )
                for code, why, value, at, sub, key, method in self.absent
            ]
        )

    def withdrawals(self, branches: dict[str, str], default: str) -> tuple[Withdrawal, ...]:
        keys = self.keys
        return tuple(
            [
                Withdrawal(
                    code, "wrong" if why == "wrong" else "deleted", number, at, sub,
                    (key in keys and key) or nearest(sub, branches) or default, identifier, unit, method,
                )
                for code, why, number, at, sub, key, identifier, unit, method in self.withdrawn
            ]
        )  # fmt: skip

    def readings(self, branches: dict[str, str], default: str) -> tuple[ParsedReading, ...]:
        devices = [
            (row[7] in self.keys and row[7]) or (branches and nearest(row[6], branches)) or default for row in self.rows
        ]
        pairs: dict[int, str] = {}
        if self.pressures:
            pairs = measurements(
                (i, r[0], r[3], r[6], devices[i], r[11]) for i, r in enumerate(self.rows) if r[0] in PRESSURES
            )
        place, made = -1, []
        for code, number, unit, at, status, method, sub, _, bound, flags, doubt, _, identifier in self.rows:
            place += 1
            made.append(ParsedReading(
                code, number, unit, at, status, method, sub, devices[place], bound, flags, doubt,
                pairs.get(place, "") if pairs else "", identifier,
            ))  # fmt: skip
        return tuple(made)


@cache
def _shipped_reader() -> Reader:
    return Reader(shipped())


def read(raw: bytes, zone: tzinfo) -> ParsedMessage | Fault:
    """Read one message body with the shipped dialects; see `Reader.read`."""
    return _shipped_reader().read(raw, zone)
