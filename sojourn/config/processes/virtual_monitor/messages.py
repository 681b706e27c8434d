"""The same second as four makers write it: an ORU^R01 in HL7 v2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sojourn.config.processes.virtual_monitor.signs import Sample

MAKERS: Final = ("nihon", "mindray", "philips", "northern")


DEVICE: Final = "000F140000000001"  # an EUI-64


@dataclass(frozen=True, slots=True)
class Bed:
    """Where the monitor stands and whom it knows."""

    name: str = "BED-1"
    patient_number: str = ""
    facility: str = ""
    device: str = DEVICE


def message(maker: str, bed: Bed, sample: Sample, at: datetime, control_id: str) -> bytes:
    """One ORU^R01 as that maker writes it. `at` is the monitor's own clock, in its own zone, for `sample.t`."""
    cuff_at = at - timedelta(seconds=sample.t - sample.cuff.t) if sample.cuff else at
    return "\r".join([*_MAKERS[maker](bed, sample, at, cuff_at, control_id), ""]).encode()


def stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S")


def _nihon(bed: Bed, s: Sample, at: datetime, cuff_at: datetime, control_id: str) -> Iterator[str]:
    now, then = stamp(at), stamp(cuff_at)
    yield (
        f"MSH|^~\\&|NIHON KOHDEN|NIHON KOHDEN|CLIENT APP|{bed.facility or 'CLIENT FACILITY'}|{now}||ORU^R01^ORU_R01|"
        f"{control_id}|P|2.4|||NE|AL||ASCII||ASCII"
    )
    yield f"PID|||{bed.patient_number}"
    yield f"PV1||I|^^{bed.name}"
    yield "ORC|RE"
    yield f"OBR|1|||VITAL|||{now}||||||||||||||||||A"
    shown = [
        ("001000^VITAL HR", s.hr, "bpm"),
        ("007001^VITAL PR(spo2)", s.pr, "/min"),
        ("007000^VITAL SpO2", s.spo2, "%"),
    ]
    number = 0
    for code, value, unit in [*shown, ("^VITAL RESP", s.rr, "/min")]:
        if value is not None:  # this maker leaves out what it does not know
            number += 1
            yield f"OBX|{number}|NM|{code}|1|{value}|{unit}|||||F|||{now}|||"
    if s.cuff and not s.cuff_failed:
        yield f"OBR|2|||NIBP|||{then}||||||||||||||||||A"
        values = [("009000^NIBP SYS", s.cuff.sys), ("009001^NIBP DIAS", s.cuff.dia), ("009002^NIBP MEAN", s.cuff.map)]
        for number, (code, value) in enumerate(values, 1):
            yield f"OBX|{number}|NM|{code}|1|{value}|mmHg|||||F|||{then}|||"


def _mdc(s: Sample, absent: str) -> Iterator[tuple[str, str, str, str, bool]]:
    """Code, containment, value, unit, whether it is the cuff's."""
    rate, percent = "264864^MDC_DIM_BEAT_PER_MIN^MDC", "262688^MDC_DIM_PERCENT^MDC"
    pressure = "266016^MDC_DIM_MMHG^MDC"

    def shown(value: float | None) -> str:
        return absent if value is None else str(value)

    yield "150456^MDC_PULS_OXIM_SAT_O2^MDC", "1.3.1.150456", shown(s.spo2), percent, False
    yield "149530^MDC_PULS_OXIM_PULS_RATE^MDC", "1.3.1.149530", shown(s.pr), rate, False
    yield "147842^MDC_ECG_HEART_RATE^MDC", "1.7.4.147842", shown(s.hr), rate, False
    yield "151562^MDC_RESP_RATE^MDC", "1.7.1.151562", shown(s.rr), "264928^MDC_DIM_RESP_PER_MIN^MDC", False
    if s.capnograph:
        yield "151708^MDC_CONC_AWAY_CO2_ET^MDC", "1.8.1.151708", shown(s.etco2), pressure, False
        yield "151594^MDC_CO2_RESP_RATE^MDC", "1.8.1.151594", shown(s.co2_rr), "264928^MDC_DIM_RESP_PER_MIN^MDC", False
    yield "150344^MDC_TEMP^MDC", "1.2.1.150344", shown(s.temp), "268192^MDC_DIM_DEGC^MDC", False
    if s.cuff:
        values = (None, None, None) if s.cuff_failed else (s.cuff.sys, s.cuff.dia, s.cuff.map)
        names = ("150301^MDC_PRESS_CUFF_SYS", "150302^MDC_PRESS_CUFF_DIA", "150303^MDC_PRESS_CUFF_MEAN")
        for name, value in zip(names, values, strict=True):
            yield f"{name}^MDC", f"1.1.9.{name[:6]}", shown(value), pressure, True


def _mindray(bed: Bed, s: Sample, at: datetime, cuff_at: datetime, control_id: str) -> Iterator[str]:
    def zoned(t: datetime) -> str:
        return stamp(t) + ".0000" + t.strftime("%z")

    now, then = zoned(at), zoned(cuff_at)
    gateway = "MINDRAY_EGATEWAY^00A0370027000001^EUI-64"
    yield (
        f"MSH|^~\\&|{gateway}|MINDRAY||{bed.facility}|{now}||ORU^R01^ORU_R01|{control_id}|P|2.6|||AL|NE||"
        "UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"
    )
    yield f"PID|||{bed.patient_number}^^^Hospital^PI"
    yield f"PV1||I|^^{bed.name}"
    yield f"OBR|1|{control_id}^{gateway}|{control_id}^{gateway}|182777000^monitoring of patient^SCT|||{now}"
    equipment = f"||||{bed.device}^CHAIR^{bed.device}^EUI-64"
    for number, (code, where, value, unit, cuff) in enumerate(_mdc(s, "-1"), 1):
        time = then if cuff else now
        yield f"OBX|{number}|NM|{code}|{where}|{value}|{unit}|||||R|||{time}{equipment if number == 1 else ''}"


def _northern(bed: Bed, s: Sample, at: datetime, cuff_at: datetime, control_id: str) -> Iterator[str]:
    yield f"MSH|^~\\&|northern|patient monitor^||{bed.facility}|{stamp(at)}||ORU^R01^ORU_R01|{control_id}|P|2.6|"
    yield f"PID|||{bed.patient_number}"
    yield f"PV1||I|^^{bed.name}"
    yield f"OBR|1||||||{stamp(at)}|"
    for number, (code, where, value, unit, cuff) in enumerate(_mdc(s, "-100"), 1):
        time = f"APERIODIC|{stamp(cuff_at)}|" if cuff else "|"
        yield f"OBX|{number}|NM|{code}|{where}|{value}|{unit}|||||F||{time}"


def _philips(bed: Bed, s: Sample, at: datetime, cuff_at: datetime, control_id: str) -> Iterator[str]:
    yield f"MSH|^~\\&||||{bed.facility}|||ORU^R01|HP{control_id}|P|2.3||||||8859/1"
    yield f"PID|||{bed.patient_number}"
    yield f"PV1||I|^^{bed.name}&1&1"
    yield f"OBR|||||||{stamp(at)}"
    for code, value, unit in (
        ("0002-4bb8^SpO2", s.spo2, "0004-0220^%"),
        ("0002-4822^Pulse", s.pr, "0004-0aa0^bpm"),
        ("0002-4182^HR", s.hr, "0004-0aa0^bpm"),
        ("0002-500a^RR", s.rr, "0004-0ae0^rpm"),
        ("0002-4b60^Tcore", s.temp, "0004-17a0^°C"),
    ):
        if value is not None or code != "0002-4b60^Tcore":
            yield f"OBX||NM|{code}^MDIL|0|{'' if value is None else value}|{unit}^MDIL|||||F"
    if s.cuff and not s.cuff_failed:
        yield f"OBR|||||||{stamp(cuff_at)}"
        values = (("0002-4a05^NBPs", s.cuff.sys), ("0002-4a06^NBPd", s.cuff.dia), ("0002-4a07^NBPm", s.cuff.map))
        for code, value in values:
            yield f"OBX||NM|{code}^MDIL|0|{value}|0004-0f20^mmHg^MDIL|||||F"


_MAKERS: dict[str, Callable[[Bed, Sample, datetime, datetime, str], Iterator[str]]] = {
    "nihon": _nihon,
    "mindray": _mindray,
    "northern": _northern,
    "philips": _philips,
}
