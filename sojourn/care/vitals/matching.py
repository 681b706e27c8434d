"""Whose a message is: of which device, and in which session it was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from psycopg import Cursor

from sojourn.care.vitals import clock, known, strangers, whose
from sojourn.care.vitals.arriving import (
    NAMELESS,
    NO_SESSION,
    OTHER_PATIENT,
    Acknowledgement,
    Arrival,
    Row,
    Taken,
    ours_and_strangers,
    time_said,
)
from sojourn.care.vitals.known import Known, Was


def match_messages(cursor: Cursor[Row], arrivals: Sequence[Arrival]) -> list[Taken]:
    named = [_named(each) for each in arrivals]
    found = known.load(cursor, {key for each in named for key in each.keys})
    taken = [Taken(each, _sender(each, found)) for each in named]
    earlier = _times_of_strangers(cursor, taken)
    for each in taken:
        if each.device is None:
            each.answer = _unknown(each.arrival, found)
        elif each.arrival.digest in earlier:
            each.arrival = replace(each.arrival, received_at=earlier[each.arrival.digest])
    ours, _strangers = ours_and_strangers(taken)
    place_in_sessions(cursor, ours)
    return taken


def _sender(arrival: Arrival, found: Mapping[str, list[Known]]) -> Known | None:
    return None if arrival.fault else known.sender(arrival.keys, arrival.host, arrival.clinic_id, found)


def _named(arrival: Arrival) -> Arrival:
    """A message that names nothing of its own is known by its address."""
    if arrival.fault:
        return arrival
    keys = whose.with_address(arrival.keys, arrival.host)
    return arrival if keys is arrival.keys else replace(arrival, keys=keys)


def _times_of_strangers(cursor: Cursor[Row], taken: Sequence[Taken]) -> dict[bytes, datetime]:
    """When messages of monitors that nobody knew at first came for the first time. Asked only of those that come so
    late that they may be resends."""
    late = [
        each.arrival.digest
        for each in taken
        if each.device is not None
        and each.device.session is not None
        and each.arrival.sent_at is not None
        and each.arrival.received_at - each.arrival.sent_at > clock.NOISE
    ]
    return strangers.first_received(cursor, late)


def _unknown(arrival: Arrival, found: Mapping[str, Sequence[Known]]) -> Acknowledgement:
    if arrival.fault:
        return Acknowledgement(arrival.fault_ack, arrival.fault)
    if not arrival.keys:
        return Acknowledgement("AE", NAMELESS)
    if any(len(found.get(key, ())) > 1 for key in arrival.keys):
        return Acknowledgement(
            "AE", f"{arrival.keys[0]} is a monitor of two clinics; give each clinic its own port; not charted"
        )
    return Acknowledgement("AE", f"unknown monitor {arrival.keys[0]}; kept, not charted: add it in Sojourn")


def place_in_sessions(cursor: Cursor[Row], taken: Sequence[Taken]) -> None:
    """Find each message's session, by the time of the message itself."""
    older = {id(each): at for each in taken for at in (_before_this_session(each),) if at is not None}
    past = known.history(cursor, {each.device.device_id for each in taken if id(each) in older and each.device})
    for each in taken:
        device = each.device
        assert device is not None
        was = _was(past.get(device.device_id, ()), older[id(each)]) if id(each) in older else None
        each.past = was is not None
        if was is not None:
            each.session = was.session
            each.answer = _answer(each, was.record_number, ())
        else:
            each.session = device.session
            each.answer = _answer(each, device.record_number, device.confirmed)


def _before_this_session(taken: Taken) -> datetime | None:
    """When a message was sent, by our clock, if that was before its monitor came where it is now and its clock can be
    believed in this."""
    device, arrival = taken.device, taken.arrival
    said = time_said(arrival)
    if device is None or said is None:
        return None
    at = min(clock.exactly(device.clock, said), arrival.received_at)
    if device.since is not None and at >= device.since:
        return None
    heard = clock.hear(device.clock, said, arrival.received_at)
    return at if heard.settled or taken.again or arrival.received_at - at <= clock.HELD_UP else None


def _was(past: Sequence[Was], at: datetime) -> Was | None:
    return next((each for each in past if each.from_at <= at < each.until_at), None)


def _answer(taken: Taken, record_number: str, confirmed: Sequence[str]) -> Acknowledgement:
    identifiers = taken.arrival.patient_identifiers
    if taken.session is None:
        return Acknowledgement("AA", NO_SESSION)
    if identifiers and whose.names(identifiers, record_number, confirmed) == "other":
        if taken.past:
            taken.session = None  # who sits there now has nothing to do with it
            return Acknowledgement("AA", "kept, not charted: it named another patient than the one its monitor was on")
        taken.contradicts = whose.contradicting(identifiers, record_number)
        return Acknowledgement("AE", OTHER_PATIENT)
    return Acknowledgement("AA")
