"""A monitor asks who its patient is: QRY^A19 (answered ADR^A19) and QBP^Q22 (answered RSP^K22), read and answered.

Pure: who may ask, and who is treated today, is decided elsewhere and given as a list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from .ack import Head, escaped, head_of, header_for
from .results import Answered, Query
from .values import Separators, charset

REFUSED: Final = "This line may not ask for patients: bind it to its monitor in Sojourn first."
_ASKED: Final = {("QRY", "A19"): "A19", ("QBP", "Q22"): "Q22"}
_MOST: Final = 50  # patients in one answer
_COUNT: Final = re.compile(r"[0-9]{1,4}")


def query_of(text: str, seps: Separators, msh: list[str]) -> Query | None:
    """The query in a message, or None where the message is none of the two."""
    sort = [part.strip().upper() for part in msh[8].split(seps.component)]
    event = _ASKED.get((sort[0], sort[1] if len(sort) > 1 else ""))
    if event is None:
        return None
    rows = {line[:3]: line.split(seps.field) for line in reversed(text.replace("\n", "\r").split("\r"))}
    return _a19(rows, seps) if event == "A19" else _q22(rows, seps)


def matching(query: Query, patients: Sequence[Answered]) -> list[Answered]:
    """Those of the patients that the query asks for; all of them where it names nobody."""
    found = [
        p
        for p in patients
        if all(
            _folded(asked) == _folded(known)
            for asked, known in (
                (query.record_number, p.record_number),
                (query.family, p.family),
                (query.given, p.given),
                (query.bed, p.bed),
            )
            if asked
        )
    ]
    return found[: min(query.most or _MOST, _MOST)]


def reply(raw: bytes, query: Query, patients: Sequence[Answered], *, now: datetime) -> bytes:
    """The body of the answer to `raw` (no frame): the patients that match, in the sender's own terms."""
    head = head_of(raw)
    found = matching(query, patients)
    codec = charset(head.fields[17].decode("latin-1"))
    comp = head.component
    kind = comp.join((b"ADR", b"A19") if query.event == "A19" else (b"RSP", b"K22", b"RSP_K21"))
    segments = [header_for(head, raw, now, kind), head.sep.join([b"MSA", b"AA", head.control_id])]
    asked = _segment(raw, head, b"QRD" if query.event == "A19" else b"QPD")
    if query.event == "Q22":
        status = b"OK" if found else b"NF"  # HL7 table 0208
        segments.append(head.sep.join([b"QAK", _written(query.tag, head, codec), status]))
    segments += [asked] if asked else []
    for patient in found:
        segments += _patient(patient, head, codec)
    body = b"\r".join(segments) + b"\r"
    return body.decode(codec).encode(head.codec) if head.codec else body


def _a19(rows: dict[str, list[str]], seps: Separators) -> Query:
    """QRD-8 names the patient: a record number, or family and given name."""
    qrd = [*rows.get("QRD", []), *[""] * 10]
    who = [*seps.parts(qrd[8]), "", "", ""]
    return Query(
        "query", REFUSED, "AR", "A19", seps.plain(qrd[4])[:80], who[0][:100], who[1][:80], who[2][:80],
        most=_count(seps.first(qrd[7])),
    )  # fmt: skip


_FIELDS: Final = {  # QPD-3, as IHE ITI-21 and its neighbours name them
    "@PID.3": "record_number", "@PID.3.1": "record_number", "@PID.5": "family", "@PID.5.1": "family",
    "@PID.5.1.1": "family", "@PID.5.2": "given", "@PV1.3.3": "bed",
}  # fmt: skip


def _q22(rows: dict[str, list[str]], seps: Separators) -> Query:
    qpd = [*rows.get("QPD", []), *[""] * 4]
    said: dict[str, str] = {}
    for one in qpd[3].split(seps.repetition):
        parts = [seps.plain(part) for part in one.split(seps.component, 1)]
        if len(parts) > 1 and parts[0] in _FIELDS:
            said.setdefault(_FIELDS[parts[0]], seps.first(parts[1])[:100])
    rcp = [*rows.get("RCP", []), *[""] * 3]
    return Query(
        "query", REFUSED, "AR", "Q22", seps.plain(qpd[2])[:80], said.get("record_number", ""),
        said.get("family", ""), said.get("given", ""), said.get("bed", ""),
        _count(seps.first(rcp[2])),
    )  # fmt: skip


def _count(text: str) -> int:
    """How many at most; 0 where it is not said in up to four digits."""
    return int(text) if _COUNT.fullmatch(text) else 0


def _segment(raw: bytes, head: Head, tag: bytes) -> bytes:
    """The sender's own segment, to be sent back as it came."""
    if head.codec:
        raw = raw.decode(head.codec, "replace").encode("utf-8", "replace")
    lines = raw.replace(b"\n", b"\r").split(b"\r")
    return next((line for line in lines if line[:4] == tag + head.sep), b"")


def _patient(patient: Answered, head: Head, codec: str) -> list[bytes]:
    comp = head.component
    name = comp.join(_written(part, head, codec) for part in (patient.family, patient.given)).rstrip(comp)
    born = patient.born.strftime("%Y%m%d").encode() if patient.born else b""
    number = _written(patient.record_number, head, codec)
    pid = [b"PID", b"", b"", number, b"", name, b"", born, _written(patient.sex, head, codec)]
    pv1 = [b"PV1", b"", b"O", comp * 2 + _written(patient.bed, head, codec)]
    return [head.sep.join(pid).rstrip(head.sep), *([head.sep.join(pv1)] if patient.bed else [])]


def _written(text: str, head: Head, codec: str) -> bytes:
    """Text in the sender's escapes and character set."""
    return escaped(text, head).encode(codec, "replace")


def _folded(text: str) -> str:
    """Record numbers and names as people compare them: CA00007 is CA-00007."""
    return "".join(each for each in text.casefold() if each.isalnum())
