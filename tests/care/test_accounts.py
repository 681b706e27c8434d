"""Who comes in, who leaves, and who opens a restricted record."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone

from sojourn.config import installation
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.actor import Actor, NotAllowed, acting_as
from sojourn.foundation.accounts.models import BreakGlass, Clinic, Invitation, Membership, Person
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.mail.letters import Letter, unseal
from sojourn.foundation.scope import PatientScope
from tests.conftest import Cast

GOOD = "four lamps beside the quiet river"


def posted() -> list[Letter]:
    """The letters that wait in the queue, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->>'sealed' FROM procrastinate_jobs WHERE task_name = 'mail.deliver' ORDER BY id")
        return [unseal(sealed) for (sealed,) in cursor.fetchall()]


def token_of(link: str) -> str:
    return link.rstrip("/").rsplit("/", 1)[-1]


def invite(cast: Cast, email: str = "new@north.example", role: str = "nurse", **more) -> accounts_actions.Invited:
    by = cast.actor("clinic_admin" if accounts_queries.is_staff(role) else "front_desk")
    with acting_as(by):
        return accounts_actions.invite(by=by, email=email, name="Noor Haddad", role=role, **more)


def accept(link: str, password: str = GOOD, person_id: int | None = None, **more) -> Membership:
    by = Actor(person_id=person_id, token_hash=accounts_actions.hash_of(token_of(link)))
    with acting_as(by):
        return accounts_actions.accept(by=by, password=password, **more)


def audited(cast: Cast, action: str) -> list[AuditEvent]:
    with acting_as(cast.actor("auditor")):
        return list(AuditEvent.objects.filter(action=action).order_by("seq"))


def test_an_invitation_keeps_a_hash_and_posts_the_link(clinic: Cast):
    invited = invite(clinic, " New@North.Example ", credentials=" RN ")
    token = token_of(invited.link)
    row = invited.invitation
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert (row.email, row.credentials, row.sent_by_id) == (
        "new@north.example",
        "RN",
        clinic.members["clinic_admin"].pk,
    )
    assert row.expires_at - row.sent_at == timedelta(days=7)
    (letter,) = posted()
    assert letter.to == "new@north.example"
    assert invited.link in letter.text
    assert invited.link in letter.html
    assert [event.detail["role"] for event in audited(clinic, "person.invited")] == ["nurse"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs WHERE task_name = 'mail.deliver'")
        assert token not in cursor.fetchone()[0]


def test_a_patient_is_invited_by_whoever_edits_patients_and_for_fourteen_days(clinic: Cast):
    invited = invite(clinic, "ana@home.example", "patient", patient_id=77)
    assert invited.invitation.expires_at - invited.invitation.sent_at == timedelta(days=14)
    assert accept(invited.link).patient_id == 77


def test_a_patients_letter_says_nothing_of_treatment_and_keeps_the_clinic_out_of_its_subject(clinic: Cast):
    invite(clinic, "ana@home.example", "patient", patient_id=77)
    (letter,) = posted()
    assert clinic.clinic.name not in letter.subject
    assert not re.search("ketamine|treatment|session|depress|patient", letter.text + letter.subject, re.IGNORECASE)


def test_the_letter_is_in_its_readers_language(clinic: Cast, settings):
    Person.objects.create_user("known@north.example", GOOD)
    Person.objects.filter(email="known@north.example").update(language="es")
    invite(clinic, "known@north.example")
    invite(clinic, "other@north.example")
    spanish, english = posted()
    assert 'lang="es"' in spanish.html
    assert 'lang="en"' in english.html


@pytest.mark.parametrize(
    ("role", "by", "allowed"),
    [
        ("nurse", "clinic_admin", True),
        ("clinic_admin", "clinic_admin", True),
        ("nurse", "nurse", False),
        ("nurse", "prescriber", False),
        ("patient", "clinic_admin", False),
        ("patient", "front_desk", True),
        ("support_person", "nurse", True),
        ("patient", "therapist", False),
    ],
)
def test_who_may_invite_whom(clinic: Cast, role: str, by: str, allowed: bool):
    actor = clinic.actor(by)
    with acting_as(actor):
        if allowed:
            accounts_actions.invite(by=actor, email="x@y.example", name="X", role=role, patient_id=5)
        else:
            with pytest.raises(NotAllowed):
                accounts_actions.invite(by=actor, email="x@y.example", name="X", role=role, patient_id=5)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"email": "nobody"}, "bad_email"),
        ({"name": "  "}, "no_name"),
        ({"role": "emperor"}, "unknown_role"),
    ],
)
def test_invitations_that_cannot_be(clinic: Cast, facts: dict[str, str], code: str):
    by = clinic.actor("clinic_admin")
    with acting_as(by), pytest.raises(ActionRefused) as refused:
        accounts_actions.invite(by=by, **{"email": "x@y.example", "name": "X", "role": "nurse", **facts})
    assert refused.value.codes == (code,)
    assert not posted()


def test_a_patients_invitation_names_the_patient(clinic: Cast):
    with pytest.raises(ActionRefused) as refused:
        invite(clinic, role="patient")
    assert refused.value.codes == ("no_patient",)


def test_a_second_press_sends_no_second_letter(clinic: Cast):
    invite(clinic)
    with pytest.raises(ActionRefused) as refused:
        invite(clinic, "NEW@north.example")
    assert refused.value.codes == ("already_invited",)
    assert len(posted()) == 1


def test_members_are_not_invited_again(clinic: Cast):
    accept(invite(clinic).link)
    with pytest.raises(ActionRefused) as refused:
        invite(clinic)
    assert refused.value.codes == ("already_member",)


def test_a_patient_has_one_account(clinic: Cast):
    accept(invite(clinic, "ana@home.example", "patient", patient_id=77).link)
    with pytest.raises(ActionRefused) as refused:
        invite(clinic, "ana.second@home.example", "patient", patient_id=77)
    assert refused.value.codes == ("patient_has_account",)


def test_a_new_address_makes_the_link_to_a_wrong_one_worthless(clinic: Cast):
    wrong = invite(clinic, "anna@home.example", "patient", patient_id=77)
    other = invite(clinic, "bo@home.example", "patient", patient_id=78)
    right = invite(clinic, "ana@home.example", "patient", patient_id=77)
    with pytest.raises(ActionRefused) as refused:
        accept(wrong.link)
    assert refused.value.codes == ("withdrawn",)
    assert len(audited(clinic, "person.invitation_withdrawn")) == 1
    accept(right.link)
    accept(other.link)
    with acting_as(clinic.actor("front_desk")):
        Invitation.objects.filter(pk=wrong.invitation.pk).update(withdrawn_at=None)
    with pytest.raises(ActionRefused) as refused:
        accept(wrong.link)
    assert refused.value.codes == ("patient_has_account",)


def test_an_address_is_invited_again_once_nothing_of_it_stands_open(clinic: Cast):
    """What was withdrawn, has run out, was taken up and ended, or is for another role stands in nobody's way."""
    by, first, other = clinic.actor("clinic_admin"), invite(clinic), invite(clinic, role="therapist")
    with acting_as(by):
        accounts_actions.withdraw(by=by, invitation_id=first.invitation.pk)
    late = invite(clinic).invitation.expires_at
    person_id = accept(other.link).person_id
    joined = accept(invite(clinic, now=late).link, person_id=person_id, now=late)
    with acting_as(by):
        accounts_actions.end_membership(by=by, membership_id=joined.pk)
    again = accept(invite(clinic, now=late).link, person_id=person_id, now=late)
    assert (again.role, again.pk == joined.pk) == ("nurse", False)


def test_a_patient_is_invited_beside_whoever_supports_them(clinic: Cast):
    supporter = invite(clinic, "bo@home.example", "support_person", patient_id=77)
    for address in ("anna@home.example", "hanna@home.example"):
        invite(clinic, address, "patient", patient_id=77)
    right = invite(clinic, "ana@home.example", "patient", patient_id=77)
    assert len(audited(clinic, "person.invitation_withdrawn")) == 2  # each of them once
    accept(supporter.link)
    account, by = accept(right.link), clinic.actor("front_desk")
    with acting_as(by):
        accounts_actions.end_membership(by=by, membership_id=account.pk)
    again = invite(clinic, "ana@home.example", "patient", patient_id=77)
    assert accept(again.link, person_id=account.person_id).patient_id == 77
    assert len(audited(clinic, "person.invitation_withdrawn")) == 2  # what was taken up is not withdrawn


def test_who_invited_somebody_sent_what_was_taken_up_in_this_role(clinic: Cast):
    joined = accept(invite(clinic).link)
    with acting_as(clinic.actor("prescriber")):
        taken = Invitation.objects.get(email="new@north.example")
        for number, other in enumerate(({"role": "therapist"}, {"email": "x@north.example"}, {"accepted_at": None})):
            values = {"email": taken.email, "role": taken.role, "accepted_at": taken.accepted_at, **other}
            Invitation.objects.create(
                clinic=clinic.clinic, sent_by=clinic.members["prescriber"], sent_at=taken.sent_at,
                expires_at=taken.expires_at, token_hash=str(number), **values,
            )  # fmt: skip
        assert accounts_queries.inviters(joined) == {clinic.members["clinic_admin"].person_id}


def test_the_first_clinic_is_made_once_and_in_a_place_that_there_is(clinic: Cast):
    wanted = {"name": "Kliniken på Höjden", "time_zone": "Europe/Stockholm", "admin_email": "ada@home.example",
              "admin_name": "Ada"}  # fmt: skip
    with pytest.raises(installation.CannotPrepare, match="no country or state"):
        installation.first_clinic(**wanted, jurisdiction="Sweden")
    membership = accept(installation.first_clinic(**wanted, jurisdiction="se"))
    with acting_as(accounts_queries.actor_of(membership)):
        made = Clinic.objects.get(pk=membership.clinic_id)
        assert (made.slug, made.jurisdiction, membership.role) == ("kliniken-pa-hojden", "SE", "clinic_admin")
    with pytest.raises(installation.CannotPrepare, match="already"):
        installation.first_clinic(**wanted, jurisdiction="SE")


def test_accepting_makes_the_person_and_the_membership(clinic: Cast):
    membership = accept(invite(clinic, credentials="RN").link, language="es")
    person = membership.person
    assert (person.email, person.language) == ("new@north.example", "es")
    assert person.check_password(GOOD)
    assert (membership.clinic_id, membership.role, membership.name) == (clinic.clinic.pk, "nurse", "Noor Haddad")
    assert str(membership) == "Noor Haddad, RN"
    (event,) = audited(clinic, "person.joined")
    assert (event.person_id, event.entity_id) == (person.pk, membership.pk)


def test_a_link_works_once(clinic: Cast):
    link = invite(clinic).link
    accept(link)
    with pytest.raises(ActionRefused) as refused:
        accept(link)
    assert refused.value.codes == ("used",)


def test_a_link_runs_out(clinic: Cast):
    invited = invite(clinic)
    late = invited.invitation.expires_at
    with pytest.raises(ActionRefused) as refused:
        accept(invited.link, now=late)
    assert refused.value.codes == ("expired",)
    assert accept(invited.link, now=late - timedelta(seconds=1)).role == "nurse"


def test_a_withdrawn_link_opens_nothing(clinic: Cast):
    invited, by = invite(clinic), clinic.actor("clinic_admin")
    with acting_as(by):
        accounts_actions.withdraw(by=by, invitation_id=invited.invitation.pk)
        with pytest.raises(ActionRefused) as again:
            accounts_actions.withdraw(by=by, invitation_id=invited.invitation.pk)
    assert again.value.codes == ("withdrawn",)
    with pytest.raises(ActionRefused) as refused:
        accept(invited.link)
    assert refused.value.codes == ("withdrawn",)


def test_sending_again_kills_the_old_link(clinic: Cast):
    first, by = invite(clinic), clinic.actor("clinic_admin")
    with acting_as(by):
        second = accounts_actions.resend(by=by, invitation_id=first.invitation.pk)
    with pytest.raises(ActionRefused) as refused:
        accept(first.link)
    assert refused.value.codes == ("unknown",)
    assert accept(second.link).role == "nurse"
    assert [letter.to for letter in posted()][:2] == ["new@north.example"] * 2  # then those who confirm are told


def test_whoever_holds_a_link_that_ran_out_gets_a_fresh_one_by_post_only(clinic: Cast):
    invited = invite(clinic)
    by = Actor(token_hash=accounts_actions.hash_of(token_of(invited.link)))
    with acting_as(by), pytest.raises(ActionRefused) as early:
        accounts_actions.renew(by=by)
    assert early.value.codes == ("open",)
    late = invited.invitation.expires_at + timedelta(days=30)
    with acting_as(by):
        fresh = accounts_actions.renew(by=by, now=late)
    assert posted()[-1].to == "new@north.example"
    assert fresh.invitation.expires_at == late + timedelta(days=7)
    with acting_as(by), pytest.raises(ActionRefused) as twice:
        accounts_actions.renew(by=by, now=late)
    assert twice.value.codes == ("unknown",)
    assert accept(fresh.link, now=late).role == "nurse"


def test_a_link_of_long_ago_is_the_clinics_affair(clinic: Cast):
    invited = invite(clinic)
    by = Actor(token_hash=accounts_actions.hash_of(token_of(invited.link)))
    with acting_as(by), pytest.raises(ActionRefused) as refused:
        accounts_actions.renew(by=by, now=invited.invitation.expires_at + timedelta(days=30, seconds=1))
    assert refused.value.codes == ("too_old",)


def test_a_token_opens_its_own_row_and_nothing_else(clinic: Cast, other_clinic: Cast):
    mine, _other = invite(clinic), invite(other_clinic, "other@south.example")
    with acting_as(Actor(token_hash=accounts_actions.hash_of(token_of(mine.link)))):
        assert [row.pk for row in Invitation.objects.all()] == [mine.invitation.pk]
        assert Membership.objects.count() == 0
    with acting_as(Actor(token_hash=accounts_actions.hash_of("guess"))):
        assert Invitation.objects.count() == 0


def test_weak_passwords_are_refused_with_reasons(clinic: Cast):
    link = invite(clinic).link
    for password in ("short", "123456789012345", "new@north.example", "passwordpassword1"[:8], ""):
        with pytest.raises(ActionRefused) as refused:
            accept(link, password)
        assert refused.value.codes == ("weak_password",), password
        assert refused.value.reasons
    assert accept(link).role == "nurse"


def test_an_existing_person_signs_in_first_then_joins(clinic: Cast, other_clinic: Cast):
    nurse = other_clinic.members["nurse"].person
    link = invite(clinic, nurse.email, "nurse").link
    with pytest.raises(ActionRefused) as stranger:
        accept(link)
    assert stranger.value.codes == ("sign_in_first",)
    with pytest.raises(ActionRefused) as other:
        accept(link, person_id=other_clinic.members["prescriber"].person_id)
    assert other.value.codes == ("other_person",)
    joined = accept(link, person_id=nurse.pk)
    assert (joined.person_id, joined.clinic_id, joined.role) == (nurse.pk, clinic.clinic.pk, "nurse")
    with acting_as(Actor(person_id=nurse.pk)):
        assert {m.clinic_id for m in accounts_queries.memberships_of(nurse.pk)} == {
            clinic.clinic.pk,
            other_clinic.clinic.pk,
        }


def test_ending_access_ends_every_session(clinic: Cast):
    from allauth.usersessions.models import UserSession

    nurse, by = clinic.members["nurse"], clinic.actor("clinic_admin")
    keys = []
    for person in (nurse.person, clinic.members["therapist"].person):
        store = SessionStore()
        store.create()
        UserSession.objects.create(user=person, ip="192.0.2.1", user_agent="x", session_key=store.session_key)
        keys.append(store.session_key)
    with acting_as(by):
        ended = accounts_actions.end_membership(by=by, membership_id=nurse.pk)
    assert ended.ended_at is not None
    assert [SessionStore().exists(key) for key in keys] == [False, True]  # nobody else's
    with acting_as(Actor(person_id=nurse.person_id)):
        assert accounts_queries.memberships_of(nurse.person_id) == []
    assert [event.entity_id for event in audited(clinic, "person.access_ended")] == [nurse.pk]


def test_access_ends_once_never_ones_own_and_never_elsewhere(clinic: Cast, other_clinic: Cast):
    by = clinic.actor("clinic_admin")
    with acting_as(by):
        accounts_actions.end_membership(by=by, membership_id=clinic.members["nurse"].pk)
        for membership, code in (
            (clinic.members["nurse"], "ended"),
            (clinic.members["clinic_admin"], "own"),
            (other_clinic.members["nurse"], "unknown"),
        ):
            with pytest.raises(ActionRefused) as refused:
                accounts_actions.end_membership(by=by, membership_id=membership.pk)
            assert refused.value.codes == (code,)


@pytest.mark.parametrize(
    ("role", "by", "allowed"),
    [
        ("nurse", "clinic_admin", True),
        ("nurse", "nurse", False),
        ("nurse", "front_desk", False),
        ("patient", "front_desk", True),
        ("patient", "clinic_admin", False),
    ],
)
@pytest.mark.parametrize("act", ["resend", "withdraw", "end_membership"])
def test_over_whom_one_may_what(clinic: Cast, act: str, role: str, by: str, allowed: bool):
    """The administrator over the staff, whoever edits patients over patients."""
    invited = invite(clinic, role=role, patient_id=5)
    whom = {"invitation_id": invited.invitation.pk}
    if act == "end_membership":
        whom = {"membership_id": accept(invited.link).pk}
    actor = clinic.actor(by)
    with acting_as(actor):
        if allowed:
            getattr(accounts_actions, act)(by=actor, **whom)
        else:
            with pytest.raises(NotAllowed):
                getattr(accounts_actions, act)(by=actor, **whom)


class Record:
    def __init__(self, pk: int, restricted: bool) -> None:
        self.pk, self.restricted = pk, restricted


def test_a_restricted_record_opens_for_an_hour_with_a_reason(clinic: Cast):
    by, now, record = clinic.actor("nurse"), timezone.now(), Record(9001, True)
    with acting_as(by):
        assert not accounts_queries.may_open(by, record, now)
        with pytest.raises(ActionRefused) as refused:
            accounts_actions.open_restricted(by=by, patient_id=9001, reason="  I must   go  ", now=now)
        assert refused.value.codes == ("no_reason",)
        opened = accounts_actions.open_restricted(
            by=by, patient_id=9001, reason="Found unresponsive in room 2", now=now
        )
        assert opened.until_at == now + timedelta(minutes=60)
        assert accounts_queries.glass_broken(by, PatientScope(9001), now + timedelta(minutes=59))
        assert accounts_queries.may_open(by, record, now + timedelta(minutes=59))
        assert not accounts_queries.may_open(by, record, now + timedelta(minutes=60))
        assert not accounts_queries.may_open(by, Record(9002, True), now)
        assert accounts_queries.may_open(by, Record(9002, False), now)
        again = accounts_actions.open_restricted(by=by, patient_id=9001, reason="Pressed the button twice", now=now)
        assert again.pk == opened.pk
    (event,) = audited(clinic, "record.glass_broken")
    assert (event.patient_id, event.detail["reason"]) == (9001, "Found unresponsive in room 2")
    therapist, why = clinic.actor("therapist"), "In my care"
    with acting_as(therapist):
        assert not accounts_queries.glass_broken(therapist, PatientScope(9001), now)
        theirs = accounts_actions.open_restricted(by=therapist, patient_id=9001, reason=why, now=now)
        assert (theirs.membership_id, theirs.pk == opened.pk) == (therapist.membership_id, False)
        late = now + timedelta(minutes=60)
        assert accounts_actions.open_restricted(by=therapist, patient_id=9001, reason=why, now=late).opened_at == late
    with acting_as(clinic.actor("prescriber")):
        assert accounts_queries.may_open(clinic.actor("prescriber"), record, now)


def test_the_patient_sees_who_opened_the_record(clinic: Cast, other_clinic: Cast):
    by = clinic.actor("nurse")
    with acting_as(by):
        accounts_actions.open_restricted(by=by, patient_id=9001, reason="Found unresponsive in room 2")
        accounts_actions.open_restricted(by=by, patient_id=9002, reason="Somebody else entirely")
    patient = accept(invite(clinic, "ana@home.example", "patient", patient_id=9001).link)
    actor = accounts_queries.actor_of(patient)
    with acting_as(actor):
        (opening,) = accounts_queries.openings(PatientScope(9001))
        assert (opening.opener_name, opening.opener_role) == (by.name, "nurse")
        assert opening.reason == "Found unresponsive in room 2"
        assert BreakGlass.objects.count() == 1
    with acting_as(other_clinic.actor("prescriber")):
        assert accounts_queries.openings(PatientScope(9001)) == []


def test_second_factors_are_told_by_person(clinic: Cast):
    from allauth.mfa.models import Authenticator

    nurse, admin = clinic.members["nurse"].person_id, clinic.members["clinic_admin"].person_id
    for person_id in (nurse, clinic.members["prescriber"].person_id):
        Authenticator.objects.create(user_id=person_id, type="totp", data={})
    assert accounts_queries.second_factors([nurse, admin]) == {nurse: frozenset({"totp"}), admin: frozenset()}
