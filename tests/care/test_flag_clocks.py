"""By when a flag is answered, who is told next, and what the watch does when nobody answers.

The numbers are those of the rules flag.emergency, flag.urgent and flag.soon (rulebook/rules/danger.toml), which are a
convention; the moments are worked out by hand from them and the clinic's hours.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from django.core import mail

from sojourn.care.safety import duty_actions, duty_queries, telling_actions, watch
from sojourn.care.safety.actions import answer_flag, note_reading
from sojourn.care.safety.clocks import teller
from sojourn.care.safety.models import (
    Flag,
    FlagClock,
    FlagKind,
    FlagNotice,
    FlagNoticeTry,
    FlagSource,
    FlagTurn,
    Reach,
    Severity,
)
from sojourn.care.scheduling.models import HoursOnDay
from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import FlagScope
from tests.care.flagged import MINUTE, MONDAY, Flagged, flagged, forget_job, sweep, tell_again, work_off
from tests.care.raising import raise_flag
from tests.conftest import name_on_duty

__all__ = ["flagged"]
HOUR = timedelta(hours=1)


def clock(found: Flagged, flag: Flag) -> FlagClock:
    with acting_as(found.cast.actor("nurse")):
        return FlagClock.objects.filter(flag=flag).order_by("-id")[0]


def answered(found: Flagged, flag: Flag, kind: str, role: str, at: datetime, **more: object) -> None:
    by = found.cast.actor(role)
    with acting_as(by):
        newest = found.standing(flag).newest_id
    with acting_as(by):
        answer_flag(by=by, flag_id=flag.pk, kind=kind, after=newest, now=at, **more)  # type: ignore[arg-type]


def test_the_circles_are_those_of_the_model():
    assert [each.value for each in Reach] == list(watch.CIRCLES)


def test_nobody_answers_and_each_circle_is_told_in_its_turn(flagged: Flagged):
    """Urgent, Monday 10:00: 60 minutes, then 30, then 30."""
    flagged.decide()
    flag = flagged.say()
    work_off()
    assert flagged.told(flag) == [("owner", flagged.named("nurse"))]
    sweep(MONDAY + 59 * MINUTE)
    work_off()
    assert len(flagged.told(flag)) == 1
    for minutes in (60, 90, 120, 300):
        sweep(MONDAY + minutes * MINUTE)
        work_off()
    both, everyone = flagged.named("nurse", "prescriber"), flagged.named("nurse", "prescriber", "therapist")
    assert flagged.told(flag) == [
        ("owner", flagged.named("nurse")), ("backup", flagged.named("prescriber")), ("everybody", both),
        ("all", everyone),
    ]  # fmt: skip


def test_by_night_the_owner_is_told_and_the_clock_waits_for_the_morning(flagged: Flagged):
    """Monday 22:00 in Denver: the clinic opens on Tuesday at 08:00, so the back-up is told at 09:00."""
    flagged.decide()
    night = MONDAY + 12 * HOUR
    flag = flagged.say(at=night)
    work_off()
    assert flagged.told(flag) == [("owner", flagged.named("nurse"))]
    sweep(night + 9 * HOUR + 59 * MINUTE)
    assert len(flagged.told(flag)) == 1
    tuesday_nine = datetime(2027, 3, 2, 16, 0, tzinfo=UTC)
    assert clock(flagged, flag).backup_at == tuesday_nine
    sweep(tuesday_nine)
    work_off()
    assert flagged.told(flag)[-1] == ("backup", flagged.named("prescriber"))


def test_a_holiday_is_no_opening(flagged: Flagged):
    """Friday 17:30, Monday closed: half an hour counts on Friday, the other from Tuesday 08:00."""
    flagged.decide()
    friday = datetime(2027, 3, 6, 0, 30, tzinfo=UTC)
    with acting_as(flagged.cast.actor("clinic_admin")):
        HoursOnDay.objects.create(clinic=flagged.cast.clinic, on=date(2027, 3, 8), why="Holiday")
    flag = flagged.say(at=friday)
    assert clock(flagged, flag).backup_at == datetime(2027, 3, 9, 15, 30, tzinfo=UTC)
    word = flagged.word(friday + 2 * HOUR)
    assert word is not None
    assert (word.state, word.reads_at) == ("raised", datetime(2027, 3, 9, 15, 0, tzinfo=UTC))


def test_an_emergency_does_not_wait_for_the_morning(flagged: Flagged):
    flagged.decide()
    night = MONDAY + 12 * HOUR
    flag = flagged.say(Severity.EMERGENCY, at=night)
    for minutes in (5, 10, 15):
        sweep(night + minutes * MINUTE)
    work_off()
    assert [reach for reach, _names in flagged.told(flag)] == ["owner", "backup", "everybody", "all"]


def test_a_watch_that_slept_tells_the_widest_circle_and_no_lesser(flagged: Flagged):
    flagged.decide()
    flag = flagged.say()
    sweep(MONDAY + 24 * HOUR)
    work_off()
    assert [reach for reach, _names in flagged.told(flag)] == ["owner", "all"]


def test_without_adopted_deadlines_every_clinician_is_told_at_once(flagged: Flagged):
    flag = flagged.say()
    work_off()
    assert flagged.told(flag) == [("all", flagged.named("nurse", "prescriber", "therapist"))]
    word = flagged.word(MONDAY + MINUTE)
    assert word is not None
    assert (word.state, word.everybody, word.next_at) == ("raised", True, None)


def test_with_nobody_on_the_list_every_clinician_is_told_at_once(flagged: Flagged):
    flagged.decide()
    for name in ("nurse", "prescriber"):
        flagged.add(f"second {name}", name)
        flagged.leave(name, MONDAY - HOUR)
    by = flagged.add("Ana", "nurse")
    flag = flagged.say()
    work_off()
    with acting_as(system_actor(flagged.cast.clinic.pk)):
        told = frozenset(FlagTurn.objects.get(flag=flag).notices.values_list("member__name", flat=True))
    assert told == {by.name, "second nurse", "second prescriber", flagged.cast.members["therapist"].name}


def test_who_takes_it_must_reach_the_patient(flagged: Flagged):
    """Urgent: taken at 10:10, the patient reached within 240 minutes, else others are told."""
    flagged.decide()
    flag = flagged.say()
    taken = MONDAY + 10 * MINUTE
    answered(flagged, flag, "seen", "nurse", taken)
    assert flagged.standing(flag).due_at == taken + 240 * MINUTE
    sweep(taken + 239 * MINUTE)
    assert len(flagged.told(flag)) == 1
    sweep(taken + 240 * MINUTE)
    work_off()
    assert flagged.told(flag)[-1] == ("backup", flagged.named("prescriber"))
    answered(flagged, flag, "contacted", "nurse", taken + 250 * MINUTE)
    sweep(taken + 24 * HOUR)
    assert len(flagged.told(flag)) == 2
    assert flagged.standing(flag).due_at is None


def test_an_owner_who_leaves_leaves_no_flag_behind(flagged: Flagged):
    flagged.decide()
    flag = flagged.say()
    answered(flagged, flag, "seen", "nurse", MONDAY + MINUTE)
    answered(flagged, flag, "contacted", "nurse", MONDAY + 2 * MINUTE)
    flagged.add("Ana", "nurse")
    flagged.leave("nurse", MONDAY + HOUR)
    with acting_as(flagged.cast.actor("prescriber")):
        from sojourn.care.safety import queries as safety_queries

        found = safety_queries.flag(FlagScope(flag.pk))
        assert (found.state, found.owner, found.waiting) == ("open", None, True)
    sweep(MONDAY + HOUR)
    work_off()
    with acting_as(flagged.cast.actor("prescriber")):
        turn = FlagTurn.objects.filter(flag=flag).order_by("-id")[0]
        assert turn.reach == "all"
        assert "Ana" in turn.notices.values_list("member__name", flat=True)
    answered(flagged, flag, "seen", "Ana", MONDAY + 2 * HOUR)


def test_handed_over_it_waits_for_who_it_was_handed_to(flagged: Flagged):
    flagged.decide()
    flag = flagged.say()
    work_off()
    answered(flagged, flag, "seen", "nurse", MONDAY + MINUTE)
    with pytest.raises(ActionRefused) as refused:
        answered(flagged, flag, "handed", "nurse", MONDAY + HOUR, to=flagged.cast.members["front_desk"].pk)
    assert refused.value.codes == ("cannot_take",)
    answered(flagged, flag, "handed", "nurse", MONDAY + HOUR, to=flagged.cast.members["therapist"].pk)
    found = flagged.standing(flag)
    assert (found.waiting, found.asked, found.due_at) == (
        True, flagged.cast.members["therapist"], MONDAY + 2 * HOUR,
    )  # fmt: skip
    work_off()
    assert flagged.told(flag)[-1] == ("owner", flagged.named("therapist"))
    sweep(MONDAY + 2 * HOUR)
    work_off()
    assert flagged.told(flag)[-1] == ("backup", flagged.named("nurse"))


def test_a_graver_word_must_be_taken_anew_by_its_own_deadline(flagged: Flagged):
    flagged.decide()
    flag = flagged.say()
    answered(flagged, flag, "seen", "therapist", MONDAY + MINUTE)
    later = MONDAY + HOUR
    flagged.say(Severity.EMERGENCY, later, "graver words")
    found = flagged.standing(flag)
    assert (found.waiting, found.severity, found.due_at) == (True, Severity.EMERGENCY, later + 5 * MINUTE)


def test_a_flag_without_a_clock_is_found_by_the_watch(flagged: Flagged, monkeypatch):
    """Whatever fails where the clock begins, the flag stands."""
    monkeypatch.setattr(
        "sojourn.care.safety.raising_actions.begin_taking", lambda *_: (_ for _ in ()).throw(RuntimeError("broken"))
    )
    flag = flagged.say()
    assert flagged.told(flag) == []
    sweep(MONDAY + MINUTE)
    work_off()
    assert flagged.told(flag) == [("all", flagged.named("nurse", "prescriber", "therapist"))]
    sweep(MONDAY + 2 * MINUTE)
    assert len(flagged.told(flag)) == 1


def test_a_job_that_died_is_asked_for_again(flagged: Flagged):
    """A worker that is killed between the flag and its notice takes the job with it; the watch finds the turn."""
    flagged.decide()
    flag = flagged.say()
    forget_job()
    assert work_off() == []
    assert flagged.told(flag) == [("owner", frozenset())]
    tell_again(MONDAY + 30 * timedelta(seconds=1))
    assert flagged.told(flag) == [("owner", frozenset())]
    tell_again(MONDAY + 2 * MINUTE)
    tell_again(MONDAY + 3 * MINUTE)
    work_off()
    assert flagged.told(flag) == [("owner", flagged.named("nurse"))]
    tell_again(MONDAY + 4 * MINUTE)
    assert work_off() == []
    with acting_as(flagged.cast.actor("nurse")):
        assert FlagTurn.objects.filter(flag=flag).count() == 1


def test_two_watches_tell_once(flagged: Flagged):
    flagged.decide()
    flag = flagged.say()
    with (
        psycopg.connect(database("signals").conninfo()) as one, psycopg.connect(database("signals").conninfo()) as two,
        one.cursor() as first, two.cursor() as second,
    ):  # fmt: skip
        watch.sweep_flags(first, MONDAY + HOUR)
        assert watch.sweep_flags(second, MONDAY + HOUR) == 0
    sweep(MONDAY + HOUR)
    assert [reach for reach, _names in flagged.told(flag)] == ["owner", "backup"]


def test_the_watch_sees_no_word_of_a_flag(flagged: Flagged):
    flagged.say()
    for statement in (
        *(f"SELECT {column} FROM safety_flag" for column in ("kind", "severity", "detail", "about", "source")),
        "SELECT note FROM safety_flaganswer", "SELECT name FROM accounts_membership", "SELECT * FROM accounts_person",
        "SELECT * FROM safety_noticechoice", "SELECT * FROM procrastinate_jobs", "SELECT * FROM safety_dutycontact",
    ):  # fmt: skip
        with psycopg.connect(database("signals").conninfo()) as watching, pytest.raises(
            psycopg.errors.InsufficientPrivilege
        ):  # fmt: skip
            watching.execute(statement)


# --- notices ---


def agree(found: Flagged, role: str, *, by_email: bool = True, sms_number: str = "") -> None:
    by = found.cast.actor(role)
    with acting_as(by):
        duty_actions.choose_channels(by=by, by_email=by_email, sms_number=sms_number, now=MONDAY - HOUR)


def proofs(found: Flagged, flag: Flag) -> list[tuple[str, str, str]]:
    with acting_as(found.cast.actor("nurse")):
        rows = FlagNoticeTry.objects.filter(notice__flag=flag).select_related("notice__member").order_by("id")
        return [(each.notice.member.role, each.notice.channel, each.outcome) for each in rows]


@pytest.fixture
def mailed(settings, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr("sojourn.foundation.mail.letters.can_send", lambda: True)
    mail.outbox = []
    return mail.outbox


def test_who_agreed_to_e_mail_is_told_by_e_mail_without_a_name_or_a_word(flagged: Flagged, mailed):
    flagged.decide()
    agree(flagged, "nurse")
    flag = flagged.say()
    work_off()
    (letter,) = mailed
    assert letter.to == [flagged.cast.members["nurse"].person.email]
    whole = f"{letter.subject} {letter.body} {letter.alternatives[0][0]}"
    for secret in (flagged.patient.given_name, flagged.patient.family_name, flagged.patient.record_number,
                   "their own words", "self", "harm", "suicid"):  # fmt: skip
        assert secret.casefold() not in whole.casefold()
    assert f"/flags/{flag.pk}/" in letter.body
    assert proofs(flagged, flag) == [("nurse", "page", "sent"), ("nurse", "email", "sent")]


def test_a_mail_server_that_is_down_leaves_a_proof_and_is_tried_again(flagged: Flagged, mailed, monkeypatch):
    flagged.decide()
    agree(flagged, "nurse")
    flag = flagged.say()
    with monkeypatch.context() as patch:
        patch.setattr("sojourn.foundation.mail.letters.send", lambda _: (_ for _ in ()).throw(ConnectionRefusedError()))
        assert len(work_off()) == 1
    with acting_as(teller(flag.clinic_id)) as by:
        (waits,) = telling_actions.plan_notices(by=by, turn_id=FlagTurn.objects.get(flag=flag).pk)
        assert FlagNotice.objects.get(pk=waits).channel == "email"
    tell_again(MONDAY + 2 * MINUTE)
    assert work_off() == []
    assert proofs(flagged, flag) == [
        ("nurse", "page", "sent"), ("nurse", "email", "failed"), ("nurse", "email", "sent"),
    ]  # fmt: skip
    assert len(mailed) == 1


def test_without_a_mail_server_the_proof_says_so(flagged: Flagged):
    flagged.decide()
    agree(flagged, "nurse", sms_number="+1 555 010 0123")
    flag = flagged.say()
    assert work_off() == []
    assert proofs(flagged, flag)[1:] == [("nurse", "email", "no_way"), ("nurse", "sms", "no_way")]


def test_a_text_message_goes_through_the_carrier(flagged: Flagged, settings, tmp_path):
    settings.SMS_CARRIER = "sojourn.foundation.mail.sms_file.FileCarrier"
    settings.SMS_FOLDER = tmp_path
    flagged.decide()
    agree(flagged, "nurse", by_email=False, sms_number="+1 555 010 0123")
    flag = flagged.say()
    work_off()
    (kept,) = tmp_path.glob("*.json")
    text = kept.read_text(encoding="utf-8")
    assert "+15550100123" in text
    assert flagged.patient.given_name not in text
    assert proofs(flagged, flag)[1:] == [("nurse", "sms", "sent")]


def test_what_was_answered_before_it_was_sent_is_not_sent(flagged: Flagged, mailed):
    flagged.decide()
    agree(flagged, "nurse")
    flag = flagged.say()
    answered(flagged, flag, "seen", "therapist", MONDAY + MINUTE)
    work_off()
    assert mailed == []
    assert proofs(flagged, flag)[1:] == [("nurse", "email", "not_needed")]


# --- word to the patient ---


def test_the_patient_reads_who_has_it_and_what_comes_next(flagged: Flagged):
    flagged.decide()
    flag = flagged.say()
    with acting_as(flagged.cast.actor("nurse")) as by:  # what a clinician sees is nothing that the patient said
        raise_flag(
            by=by, patient_id=flagged.patient.pk, kind=FlagKind.RISK, severity=Severity.URGENT,
            source=FlagSource.CLINICIAN, about="fact:1", now=MONDAY + MINUTE,
        )  # fmt: skip
    word = flagged.word(MONDAY + MINUTE)
    assert word is not None
    assert (word.state, word.who, word.next_at, word.reads_at, word.everybody) == (
        "raised", "", MONDAY + HOUR, None, False,
    )  # fmt: skip
    nurse = flagged.cast.actor("nurse")
    with acting_as(nurse):
        note_reading(by=nurse, flag_id=flag.pk, now=MONDAY + 2 * MINUTE)
        note_reading(by=nurse, flag_id=flag.pk, now=MONDAY + 3 * MINUTE)
    word = flagged.word(MONDAY + 4 * MINUTE)
    assert word is not None
    assert (word.state, word.who, word.at) == ("read", nurse.name, MONDAY + 2 * MINUTE)
    answered(flagged, flag, "seen", "nurse", MONDAY + 5 * MINUTE)
    word = flagged.word(MONDAY + 6 * MINUTE)
    assert word is not None
    assert (word.state, word.who, word.next_at) == ("taken", nurse.name, MONDAY + 245 * MINUTE)
    answered(flagged, flag, "contacted", "nurse", MONDAY + 20 * MINUTE)
    word = flagged.word(MONDAY + 21 * MINUTE)
    assert word is not None
    assert word.state == "contacted"
    answered(flagged, flag, "closed", "nurse", MONDAY + HOUR, outcome="safe", note="Spoke with her.")
    word = flagged.word(MONDAY + 2 * HOUR)
    assert word is not None
    assert (word.state, word.who) == ("closed", nurse.name)
    assert flagged.word(MONDAY + timedelta(days=8)) is None


def test_nobody_answered_and_the_patient_is_told_so(flagged: Flagged):
    flagged.decide()
    flagged.say()
    sweep(MONDAY + 3 * HOUR)
    word = flagged.word(MONDAY + 3 * HOUR + MINUTE)
    assert word is not None
    assert (word.state, word.everybody, word.next_at) == ("raised", True, None)


# --- the list ---


def test_a_list_has_two_people_who_can_answer(flagged: Flagged):
    by = flagged.cast.actor("clinic_admin")
    nurse, desk = flagged.cast.members["nurse"].pk, flagged.cast.members["front_desk"].pk
    therapist = flagged.cast.members["therapist"].pk
    with acting_as(by):
        for wanted, code in (([nurse], "too-few"), ([nurse, nurse], "twice"), ([nurse, desk], "cannot-answer")):
            with pytest.raises(ActionRefused) as refused:
                duty_actions.name_duty(by=by, member_ids=wanted)
            assert refused.value.codes == (code,)
        duty_actions.name_duty(by=by, member_ids=[therapist, nurse])
        assert [each.role for each in duty_queries.duty().contacts] == ["therapist", "nurse"]
        assert AuditEvent.objects.filter(action="duty.named").count() == 1


def test_one_who_has_left_is_on_no_list(flagged: Flagged):
    name_on_duty(flagged.cast, "therapist", "nurse", "prescriber")
    flagged.leave("therapist", MONDAY)
    with acting_as(flagged.cast.actor("clinic_admin")):
        assert [each.role for each in duty_queries.duty().contacts] == ["nurse", "prescriber"]
