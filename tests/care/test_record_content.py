"""What is signed: the content of a session's record and its hash. Pure data, no database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from sojourn.care.chart.content import FIRST, SECOND, content, content_hash, verify_signature
from sojourn.care.chart.record import SessionRecord
from sojourn.care.chart.rows import (
    AlarmChange,
    ByHand,
    Check,
    Dose,
    DosePrepared,
    DoseStep,
    Event,
    FrozenProtocol,
    GivenDose,
    Left,
    Measure,
    Member,
    MonitorOn,
    Plan,
    Reading,
    Signature,
    StateEntry,
    Strike,
    Subject,
    Wasted,
    episodes,
)
from sojourn.clinical import administration
from sojourn.clinical.administration import End, Means, PartGiven, Start
from sojourn.clinical.protocol import State
from sojourn.foundation.rulebook.load import released_rulebook

# The hash of ``old_session`` as the version 0.1.0 of this program computed it (its record.py, content and all, at
# commit 7253697). A record that was signed then is verified by it for ever.
SIGNED_THEN = "2a749b5b86e3d956adeba02372bed48884e6fce30c278f904332015af92b237e"

BEGINS = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
NURSE = Member(3, "Ines Ortega", "RN", "nurse")
PRESCRIBER = Member(4, "Ada Moreno", "MD", "prescriber")


def minutes(n: float) -> datetime:
    return BEGINS + timedelta(minutes=n)


def old_session() -> SessionRecord:
    """A session as it was kept before pump steps, waste and other medicines were written down."""
    changes = (
        AlarmChange(
            51, "spo2.low", 1, "b" * 64, "spo2", "raised", "high", minutes(30), "", 88.0, 90.0, None, "", None
        ),
        AlarmChange(
            52, "spo2.low", 1, "b" * 64, "spo2", "acknowledged", "high", minutes(31), "", 88.0, 90.0, None, "Oxygen",
            NURSE,
        ),
    )  # fmt: skip
    return SessionRecord(
        encounter_id=7,
        clinic_id=1,
        composed_at=minutes(200),
        patient=Subject(11, "SJ-00001", "Ana Reyes", date(1984, 3, 2), "female", False),
        plan=Plan(21, "Six sessions", "Treatment-resistant depression", Decimal("35.00"), 6),
        protocol=FrozenProtocol("iv_racemic_40min", "1", "c" * 64, None),
        schedule=(),
        chair="Chair 1",
        chair_id=2,
        appointment_id=31,
        booked_from=minutes(0),
        booked_until=minutes(180),
        escort_name="Luis Reyes",
        opened_at=minutes(0),
        states=(
            StateEntry(1, State.ARRIVED, minutes(0), NURSE, "", ()),
            StateEntry(2, State.CHECKED, minutes(10), NURSE, "", ()),
            StateEntry(3, State.DOSING, minutes(15), NURSE, "Anxious", ("hold:systolic",)),
            StateEntry(4, State.OBSERVING, minutes(55), NURSE, "", ()),
            StateEntry(5, State.READY_TO_LEAVE, minutes(137), PRESCRIBER, "", ()),
            StateEntry(6, State.LEFT, minutes(140), NURSE, "", ()),
        ),
        checks=(Check(61, "weight", True, "70 kg", "", minutes(5), NURSE, True),),
        prepared=(
            DosePrepared(71, "ketamine", "iv", Decimal("35.00"), "KX77", minutes(12), NURSE),
            DosePrepared(72, "ketamine", "iv", Decimal("35.00"), "KX77", minutes(13), PRESCRIBER),
        ),
        doses=(
            Dose(
                81, "ketamine", "iv", Decimal("35.00"), Decimal("40.0"), "KX77", date(2027, 1, 1), minutes(15), NURSE,
                PRESCRIBER, minutes(13), minutes(15), "",
            ),
        ),
        readings=(
            Reading(
                91, "spo2", 97.0, "%", minutes(20), minutes(20), minutes(20), "monitor", 5, 6, None, "final", "", None,
                False,
            ),
            Reading(
                92, "nibp_sys", 124.0, "mm[Hg]", minutes(21), None, minutes(22), "typed", None, None, NURSE, "final",
                "", None, False,
            ),
        ),
        alarm_changes=changes,
        alarms=episodes(changes),
        monitors=(MonitorOn(41, 5, "Monitor 1", "Mindray", minutes(2), NURSE, minutes(140), NURSE, 300.0),),
        events=(Event(101, "nausea", "Música — 波", minutes(33), minutes(34), NURSE),),
        left=Left(111, 12, "Luis Reyes", {"padss": 9, "escort_present": True}, minutes(140), NURSE),
        measures=(
            Measure(121, "phq-9", "1", "a" * 64, minutes(-590), Decimal("19.00"), "moderately-severe", False, False),
        ),
        gaps=(),
        signatures=(Signature(131, SIGNED_THEN, minutes(150), PRESCRIBER, in_audit=True),),
        addenda=(),
    )  # fmt: skip


def given_whole(record: SessionRecord) -> tuple[GivenDose, ...]:
    """35 mg in 50 mL at 75 mL/h: in after 40 minutes."""
    start = Start(
        id="1", at=minutes(15), means=Means.PUMP, planned_mg=Fraction(35), ml_per_h=Fraction(75),
        mg_per_ml=Fraction(35, 50), volume_ml=Fraction(50),
    )  # fmt: skip
    events = (start, End(id="2", at=minutes(55)))
    found = administration.delivered(events, now=minutes(200), tolerance_mg=Fraction(1))
    assert isinstance(found, administration.Delivered)
    balance = administration.reconcile(drawn_mg=Fraction(35), delivered=found, wasted=(), remaining_mg=None)
    return (GivenDose(record.doses[0], found, balance, told=True),)


def test_a_record_that_was_signed_before_still_verifies():
    record = old_session()
    assert content(record)["format"] == FIRST
    assert content_hash(record) == SIGNED_THEN
    assert verify_signature(record).standing == "unchanged"


def test_what_was_given_of_an_old_dose_is_worked_out_and_not_signed():
    """It is read off the old rows, so it adds nothing to them."""
    record = old_session()
    assert content_hash(replace(record, given=given_whole(record))) == SIGNED_THEN


def _first(rows: tuple[object, ...], **values: object) -> tuple[object, ...]:
    return (replace(rows[0], **values), *rows[1:])  # type: ignore[type-var]


MORE: dict[str, Callable[[SessionRecord], SessionRecord]] = {
    "a step of the pump": lambda r: replace(
        r,
        steps=(DoseStep(1, 81, "pause", None, Decimal(20), None, "", minutes(30), minutes(30), NURSE),),
    ),
    "a waste": lambda r: replace(
        r, wasted=(Wasted(1, Decimal("14.58"), "", minutes(60), NURSE, None, None),)
    ),
    "its witness": lambda r: replace(
        r, wasted=(Wasted(1, Decimal("14.58"), "", minutes(60), NURSE, PRESCRIBER, minutes(61)),)
    ),
    "another medicine": lambda r: replace(
        r,
        by_hand=(
            ByHand(
                1, "Ondansetron", "ondansetron", Decimal(4), "mg", "iv", "", (), minutes(35), minutes(50), NURSE
            ),
        ),
    ),
    "the same written down late": lambda r: replace(
        r,
        by_hand=(
            ByHand(
                1, "Ondansetron", "ondansetron", Decimal(4), "mg", "iv", "", (), minutes(35), minutes(90), NURSE
            ),
        ),
    ),
    "what a step rested on": lambda r: replace(r, states=_first(r.states, basis={"decision": 5})),
    "a concentration": lambda r: replace(r, prepared=_first(r.prepared, stock_mg_per_ml=Decimal(50))),
    "a rate": lambda r: replace(r, doses=_first(r.doses, rate_ml_per_h=Decimal(75))),
    "a grade": lambda r: replace(r, events=_first(r.events, grade="moderate")),
    "what was done": lambda r: replace(r, events=_first(r.events, measure="Head raised")),
    "what it did": lambda r: replace(r, events=_first(r.events, effect="better", about_id=101)),
}  # fmt: skip


@pytest.mark.parametrize("what", MORE)
def test_whatever_is_written_down_more_is_signed_with_it(what: str):
    changed = MORE[what](old_session())
    assert content(changed)["format"] == SECOND
    others = {content_hash(change(old_session())) for name, change in MORE.items() if name != what}
    assert content_hash(changed) not in {SIGNED_THEN, *others}
    assert verify_signature(changed).standing == "changed"


def test_the_line_is_signed_as_it_was_read():
    record = MORE["a step of the pump"](old_session())
    record = replace(record, given=given_whole(record))
    assert content(record)["given"] == [[81, "35", "35", "0", "0", "computed", True]]


def test_as_long_as_a_dose_runs_its_hash_does_not_run_with_it():
    record = MORE["a step of the pump"](old_session())
    running = replace(record, states=record.states[:3], given=given_whole(record))
    assert content(running)["given"] == []


def refused(record: SessionRecord) -> GivenDose:
    """A pump that goes on without having been begun."""
    found = administration.delivered((End(id="1", at=minutes(15)),), now=minutes(200), tolerance_mg=Fraction(1))
    assert isinstance(found, administration.HistoryRefused)
    return GivenDose(record.doses[0], found, None, told=True)


def test_a_history_that_cannot_have_happened_is_signed_as_refused():
    record = MORE["a step of the pump"](old_session())
    (said,) = content(replace(record, given=(refused(record),)))["given"]
    assert said[:2] == [81, "refused"]
    assert said[2]


@pytest.mark.parametrize(("at", "standing"), [(149, "changed"), (150, "changed"), (151, "unchanged")])
def test_a_witness_counts_as_later_from_the_moment_after_the_signature(at: int, standing: str):
    """Signed at 150 minutes with one waste witnessed and one not."""
    first = Wasted(1, Decimal(5), "", minutes(60), NURSE, PRESCRIBER, minutes(61))
    second = Wasted(2, Decimal(6), "", minutes(60), NURSE, None, None)
    record = replace(MORE["a step of the pump"](old_session()), wasted=(first, second))
    (whole,) = given_whole(record)
    assert whole.balance is not None
    open_still = replace(whole, balance=replace(whole.balance, complete=False))
    record = replace(record, given=(open_still, refused(record)))
    signature = replace(record.signatures[0], content_hash=content_hash(record))
    record = replace(record, signatures=(signature,))
    assert verify_signature(record).standing == "unchanged"
    witnessed = replace(second, witness=PRESCRIBER, witnessed_at=minutes(at))
    later = replace(record, wasted=(first, witnessed), given=(whole, record.given[1]))
    found = verify_signature(later)
    assert found.standing == standing
    assert found.hash == content_hash(later) != signature.content_hash
    assert found.named == (signature.content_hash if standing == "unchanged" else found.hash)


def test_what_was_complete_when_it_was_signed_is_signed_as_complete():
    record = MORE["its witness"](old_session())
    record = replace(record, given=given_whole(record))
    signature = replace(record.signatures[0], content_hash=content_hash(record))
    assert verify_signature(replace(record, signatures=(signature,))).standing == "unchanged"
    forged = replace(signature, in_audit=False)
    assert verify_signature(replace(record, signatures=(forged,))).standing == "changed"
    unsigned = verify_signature(replace(record, signatures=()))
    assert (unsigned.standing, unsigned.named) == ("unsigned", content_hash(record))


def test_the_zone_in_which_a_time_was_read_changes_nothing():
    denver = old_session().opened_at.astimezone(ZoneInfo("America/Denver"))
    assert content_hash(replace(old_session(), opened_at=denver)) == SIGNED_THEN


def test_what_was_struck_and_what_was_measured_is_signed_in_order():
    old = old_session()
    strikes = {
        ("event", 101): Strike(6, "Twice", minutes(36), None),
        ("check", 61): Strike(5, "Slip", minutes(35), NURSE),
    }
    events = (*(replace(old.events[0], id=each, amount=Decimal("2.50"), unit="mL") for each in (103, 102)), *old.events)
    said = content(replace(old, struck=strikes, events=events))
    assert [each[:4] + each[5:] for each in said["struck"]] == [
        [5, "check", 61, "Slip", 3], [6, "event", 101, "Twice", None],
    ]  # fmt: skip
    assert said["event_amounts"] == [[102, "2.5", "mL"], [103, "2.5", "mL"]]
    assert not {"struck", "event_amounts"} & set(content(old))


def test_what_is_no_number_is_never_signed():
    old = old_session()
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_hash(replace(old, readings=_first(old.readings, value=float("nan"))))


def test_the_record_says_who_acted_what_was_set_aside_and_when_the_dose_began():
    old = old_session()
    patient, escort_desk = Member(9, "Ana Reyes", "", "patient"), Member(8, "Bo Lind", "", "front_desk")
    assert old.left is not None
    record = replace(
        old, left=replace(old.left, by=escort_desk), events=(*old.events, replace(old.events[0], id=102, by=patient))
    )
    assert [str(each) for each in record.staff] == ["Ada Moreno, MD", "Bo Lind", "Ines Ortega, RN"]
    assert [str(each) for each in replace(record, left=None).staff] == ["Ada Moreno, MD", "Ines Ortega, RN"]
    assert (record.dose_started_at, replace(record, doses=()).dose_started_at) == (minutes(15), None)
    assert [each.seq for each in record.overrides] == [3]
    assert {code: [each.id for each in rows] for code, rows in record.series.items()} == {
        "spo2": [91],
        "nibp_sys": [92],
    }


def test_one_amount_is_one_content():
    """The database says 35.00, a form 35: it is the same milligrams."""
    one, other = (
        replace(old_session(), wasted=(Wasted(1, Decimal(mg), "", minutes(60), NURSE, None, None),))
        for mg in ("14.5", "14.50")
    )
    assert content_hash(one) == content_hash(other)


@pytest.mark.parametrize(("at", "mg"), [(14, "0"), (15, "0"), (35, "17.50"), (55, "35"), (56, "35")])
def test_a_pump_runs_evenly_from_its_start_to_its_end(at: float, mg: str):
    (dose,) = given_whole(old_session())
    assert dose.gone_in_by(minutes(at)) == Decimal(mg)


@pytest.mark.parametrize(("at", "mg"), [(14, "0"), (15, "28"), (19, "28"), (20, "56"), (21, "56")])
def test_a_part_is_in_from_the_moment_at_which_it_was_given(at: float, mg: str):
    start = Start(id="1", at=minutes(15), means=Means.SPRAY, planned_mg=Fraction(56))
    parts = (PartGiven(id=f"p{at}", at=minutes(at), mg=Fraction(28)) for at in (15, 20))
    found = administration.delivered((start, *parts), now=minutes(200), tolerance_mg=Fraction(1))
    assert isinstance(found, administration.Delivered)
    dose = GivenDose(old_session().doses[0], found, None, told=True)
    assert dose.gone_in_by(minutes(at)) == Decimal(mg)


@pytest.mark.parametrize(("released", "intact"), [("of the frozen", True), ("of another", False), (None, False)])
def test_a_protocol_is_intact_while_its_released_text_has_the_frozen_hash(released: str | None, intact: bool):
    text = released_rulebook().protocol("im").rule
    rule = None if released is None else text if released == "of the frozen" else replace(text, hash="c" * 64)
    assert FrozenProtocol("im", str(text.version), text.hash, rule).intact is intact


@pytest.mark.parametrize(
    ("changes", "priority", "waited", "escalated", "ended"),
    [
        ((("raised", "low"),), "low", None, False, None),
        ((("raised", ""), ("recovered", "low")), "low", None, False, 1),
        ((("raised", "medium"), ("escalated", "high"), ("acknowledged", "medium")), "high", 2, True, None),
        ((("raised", "low"), ("acknowledged", "medium"), ("withdrawn", ""), ("ended", "")), "medium", 1, False, 2),
        ((("raised", "?"), ("ended", "")), "?", None, False, 1),
    ],
)  # fmt: skip
def test_an_alarm_says_its_highest_priority_how_long_it_waited_and_when_it_ended(
    changes: tuple[tuple[str, str], ...], priority: str, waited: int | None, escalated: bool, ended: int | None
):
    """A change each minute from the rise."""
    row = old_session().alarm_changes[0]
    rows = [
        replace(row, id=number, kind=kind, priority=of, at=minutes(number)) for number, (kind, of) in enumerate(changes)
    ]
    (alarm,) = episodes(reversed(rows))
    assert (alarm.first, alarm.priority, alarm.escalated) == (rows[0], priority, escalated)
    assert alarm.waited == (None if waited is None else timedelta(minutes=waited))
    assert alarm.ended_at == (None if ended is None else minutes(ended))


def test_each_rise_begins_an_alarm_and_another_sign_or_rule_has_its_own():
    row = old_session().alarm_changes[0]
    told = [
        ("spo2.low", "spo2", "raised"), ("spo2.low", "spo2", "acknowledged"), ("spo2.low", "hr", "ended"),
        ("other", "spo2", "ended"), ("spo2.low", "spo2", "raised"), ("spo2.low", "spo2", "ended"),
    ]  # fmt: skip
    rows = [
        replace(row, id=number, rule_id=rule, code=code, kind=kind, at=minutes(number // 2))
        for number, (rule, code, kind) in enumerate(told)
    ]
    found = [[each.id for each in alarm.changes] for alarm in episodes(reversed(rows))]
    assert found == [[0, 1], [2], [3], [4, 5]]


def test_the_last_state_is_the_sessions_and_the_last_signature_counts():
    old = old_session()
    assert (old.state, old.over, old.ended_at) == (State.LEFT, True, minutes(140))
    running = replace(old, states=old.states[:4], signatures=())
    assert (running.state, running.over, running.ended_at, running.signature) == (State.OBSERVING, False, None, None)
    assert replace(old, states=()).state is State.PLANNED
    later = replace(old.signatures[0], id=132, at=minutes(160))
    assert replace(old, signatures=(*old.signatures, later)).signature == later


@pytest.mark.parametrize(
    ("doubt", "superseded", "struck", "counts"),
    [("", False, False, True), ("slow", False, False, False), ("", True, False, False), ("", False, True, False)],
)  # fmt: skip
def test_a_reading_counts_unless_doubted_corrected_or_struck(doubt: str, superseded: bool, struck: bool, counts: bool):
    row = replace(old_session().readings[0], doubt=doubt, superseded=superseded, struck=struck)
    assert row.counts is counts


def test_what_happened_at_one_moment_stands_in_one_order():
    old, at = old_session(), minutes(20)
    changes = (replace(old.alarm_changes[0], at=at),)
    record = replace(
        old, states=(replace(old.states[0], at=at),), checks=(replace(old.checks[0], at=at),),
        prepared=(replace(old.prepared[0], at=at),), doses=(replace(old.doses[0], started_at=at),),
        readings=(replace(old.readings[1], at=at),), alarm_changes=changes, alarms=episodes(changes),
        monitors=(replace(old.monitors[0], from_at=at, until_at=None),), events=(replace(old.events[0], at=at),),
        steps=(DoseStep(85, 81, "pause", None, None, None, "", at, at, NURSE),),
    )  # fmt: skip
    assert [each.kind for each in record.moments] == [
        "monitor_on", "check", "readings", "prepared", "state", "dose", "dose_step", "alarm", "event",
    ]  # fmt: skip


def test_what_one_person_typed_within_a_minute_is_one_moment():
    old = old_session()
    typed = ((0, NURSE), (59, NURSE), (119, NURSE), (120, PRESCRIBER))
    rows = [replace(old.readings[1], at=minutes(20) + timedelta(seconds=second), by=by) for second, by in typed]
    record = replace(old, readings=(old.readings[0], *rows))
    found = [each for each in record.moments if each.kind == "readings"]
    assert [each.what for each in found] == [tuple(rows[:2]), (rows[2],), (rows[3],)]
    assert [each.at for each in found] == [rows[1].at, rows[2].at, rows[3].at]
