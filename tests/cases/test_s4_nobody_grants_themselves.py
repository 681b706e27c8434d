"""S4: nobody grants themselves a role, and a clinical role is confirmed by another person who holds it.

A clinic administrator made himself prescriber by inviting his own address. Shown through the pages on which he did so:
the staff page, the invitation and the pages behind it; through the command line of the machine's owner; and in the
database, as it ships.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.config import installation
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts import confirmation_actions
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.actor import NOBODY, Actor, NotAllowed, acting_as, set_actor
from sojourn.foundation.accounts.models import Membership, Person, RoleConfirmation
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.audit.models import AuditEvent
from tests.care.test_accounts import accept, invite, posted
from tests.conftest import Cast

STAFF = "/clinic/people/"
CLINICAL = ("prescriber", "nurse", "therapist")
PASSWORD = "four lamps beside the quiet river"


@pytest.fixture(autouse=True)
def _nobody_asks() -> Iterator[None]:
    yield
    set_actor(NOBODY)


def as_shipped() -> None:
    """The database as every installation has it; the casts of the tests are put into it by rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sojourn.as_shipped', 'yes', true)")


def newcomer(cast: Cast, role: str = "prescriber", email: str = "new@north.example") -> Membership:
    """Somebody who was invited and has accepted, and whom nobody has confirmed."""
    return accept(invite(cast, email, role).link)


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.person)
    session = client.session
    session.update({"second_factor": True, "membership": membership.pk})
    session.save()
    return client


def body(answer) -> str:
    return html.unescape(answer.content.decode())


def fresh(cast: Cast, membership: Membership) -> Membership:
    with acting_as(cast.actor("clinic_admin")):
        return Membership.objects.get(pk=membership.pk)


def confirmed(cast: Cast, membership: Membership) -> bool:
    return fresh(cast, membership).unconfirmed_since is None


# ---------------------------------------------------------------- an administrator and his own address


@pytest.mark.alone
@pytest.mark.parametrize("role", [code for code, each in roles().items() if each.staff and code != "clinic_admin"])
def test_an_administrator_cannot_invite_his_own_address(clinic: Cast, role: str):
    own = clinic.members["clinic_admin"].person.email
    for spelled in (own, own.upper(), f"  {own} "):
        answer = clinic.client("clinic_admin").post(STAFF, {"name": "Me", "email": spelled, "role": role})
        assert answer.status_code in (409, 422)
        assert "You cannot invite yourself" in body(answer)
    with acting_as(clinic.actor("clinic_admin")):
        assert accounts_queries.invitations(clinic.clinic.pk) == []


def test_nor_another_address_of_the_same_sign_in(clinic: Cast):
    me = clinic.members["clinic_admin"].person
    EmailAddress.objects.create(user=me, email="Me@Home.example", verified=True, primary=False)
    answer = clinic.client("clinic_admin").post(STAFF, {"name": "Me", "email": "me@home.example", "role": "prescriber"})
    assert answer.status_code == 409
    assert "You cannot invite yourself" in body(answer)


def test_nor_take_up_an_invitation_that_he_sent(clinic: Cast):
    """An invitation to an address that became his only afterwards."""
    invited = invite(clinic, "later@north.example", "auditor")
    me = clinic.members["clinic_admin"].person
    me.email = "later@north.example"
    me.save(update_fields=["email"])
    with pytest.raises(ActionRefused) as refused:
        accept(invited.link, person_id=me.pk)
    assert refused.value.codes == ("own",)
    with acting_as(clinic.actor("clinic_admin")):
        assert not Membership.objects.filter(person=me, role="auditor").exists()


def test_a_second_sign_in_of_his_is_worth_nothing_until_a_prescriber_confirms_it(clinic: Cast):
    """Another mailbox, another password: nobody can tell. It still waits for a prescriber."""
    mine = newcomer(clinic, "prescriber", "other.mailbox@home.example")
    client = signed_in(mine)
    assert client.get("/clinic/")["Location"] == reverse("entry:unconfirmed")
    page = body(client.get(reverse("entry:unconfirmed")))
    assert clinic.members["prescriber"].name in page  # who can
    admin = clinic.client("clinic_admin")
    assert admin.post(reverse("console:newcomer", args=[mine.pk])).status_code == 403
    assert not confirmed(clinic, mine)


def test_accepting_while_signed_in_as_himself_takes_nothing(clinic: Cast):
    link = invite(clinic, "other.mailbox@home.example", "prescriber").link
    admin = clinic.client("clinic_admin")
    answer = admin.post(link.partition("://")[2].partition("/")[2].join(("/", "")), {"password": PASSWORD})
    assert answer.status_code in (200, 409, 422)
    with acting_as(clinic.actor("clinic_admin")):
        theirs = Membership.objects.filter(person=clinic.members["clinic_admin"].person)
        assert [each.role for each in theirs] == ["clinic_admin"]


# ---------------------------------------------------------------- until somebody confirms


@pytest.mark.parametrize("role", CLINICAL)
def test_an_unconfirmed_role_holds_no_permission(clinic: Cast, role: str):
    waits = newcomer(clinic, role)
    by = accounts_queries.actor_of(waits)
    assert (by.permissions, by.unconfirmed) == (frozenset(), True)
    client = signed_in(waits)
    for name in ("console:home", "console:rules", "console:patients", "console:board"):
        assert client.get(reverse(name))["Location"] == reverse("entry:unconfirmed")
    assert client.post(reverse("console:rule_adopt", args=["spo2.low"]), {"hash": ""}).status_code == 403
    assert client.post(reverse("console:newcomer", args=[waits.pk])).status_code == 403


@pytest.mark.parametrize("role", CLINICAL)
def test_another_holder_confirms_and_then_the_clinic_opens(clinic: Cast, role: str):
    waits = newcomer(clinic, role)
    holder = clinic.client(role)
    assert "A newcomer to confirm" in body(holder.get("/clinic/"))
    page = body(holder.get(reverse("console:newcomer", args=[waits.pk])))
    assert "new@north.example" in page
    assert clinic.members["clinic_admin"].name in page  # who invited them
    assert holder.post(reverse("console:newcomer", args=[waits.pk])).status_code == 302
    assert confirmed(clinic, waits)
    assert signed_in(waits).get("/clinic/").status_code == 200
    with acting_as(clinic.actor("auditor")):
        event = AuditEvent.objects.get(action="person.confirmed")
        assert (event.name, event.detail["role"]) == (clinic.members[role].name, role)


@pytest.mark.parametrize("role", [code for code, each in roles().items() if each.staff])
def test_only_a_holder_of_the_very_role_confirms(clinic: Cast, role: str):
    for wanted in CLINICAL:
        if wanted == role:
            continue
        waits = newcomer(clinic, wanted, f"{wanted}.new@north.example")
        by = clinic.actor(role)
        with acting_as(by), pytest.raises((ActionRefused, NotAllowed)):
            confirmation_actions.confirm(by=by, membership_id=waits.pk)
        assert not confirmed(clinic, waits)


def test_nobody_confirms_themselves_by_two_memberships(clinic: Cast):
    """A nurse of the clinic is invited as prescriber too; as nurse she confirms nothing of her own, nor from a second
    role as prescriber in which she is unconfirmed herself."""
    nurse = clinic.members["nurse"]
    waits = accept(invite(clinic, nurse.person.email, "prescriber").link, person_id=nurse.person_id)
    for by in (clinic.actor("nurse"), accounts_queries.actor_of(waits)):
        with acting_as(by), pytest.raises((ActionRefused, NotAllowed)):
            confirmation_actions.confirm(by=by, membership_id=waits.pk)
    holder = clinic.actor("prescriber")
    with acting_as(clinic.actor("clinic_admin")):
        again = Membership.objects.create(
            clinic=clinic.clinic, person_id=holder.person_id, role="nurse", name="Same person",
            unconfirmed_since=timezone.now(),
        )  # fmt: skip
    with acting_as(holder), pytest.raises(ActionRefused) as refused:
        confirmation_actions.confirm(by=holder, membership_id=again.pk)
    assert refused.value.codes == ("own",)


def both_at_once(cast: Cast) -> Membership:
    """The administrator of this clinic is its only prescriber too."""
    holder, admin = cast.members["prescriber"], cast.members["clinic_admin"]
    with acting_as(cast.actor("clinic_admin")):
        Membership.objects.filter(pk=admin.pk).update(ended_at=timezone.now())
        cast.members["clinic_admin"] = Membership.objects.create(
            clinic=cast.clinic, person_id=holder.person_id, role="clinic_admin", name="Both"
        )
    return holder


def test_who_sent_the_invitation_does_not_confirm_it(clinic: Cast):
    """One person alone would bring in a second prescriber, and sign twice for a highest dose."""
    holder = both_at_once(clinic)
    waits = newcomer(clinic, "prescriber", "other.mailbox@home.example")
    client = clinic.client("prescriber")
    assert "I know this person" not in body(client.get(reverse("console:newcomer", args=[waits.pk])))
    answer = client.post(reverse("console:newcomer", args=[waits.pk]))
    assert answer.status_code == 409
    assert "You invited this person yourself." in body(answer)
    by = clinic.actor("prescriber")
    with acting_as(by), pytest.raises(IntegrityError, match="does not confirm it too"), transaction.atomic():
        RoleConfirmation.objects.create(
            clinic=clinic.clinic, membership=waits, confirmed_by=holder, confirmed_at=timezone.now()
        )
    assert not confirmed(clinic, waits)
    installation.confirm_first(email="other.mailbox@home.example", role="prescriber")  # nobody else is there
    assert confirmed(clinic, waits)


def test_who_was_ended_and_is_invited_again_waits_again(clinic: Cast):
    nurse, admin = clinic.members["nurse"], clinic.actor("clinic_admin")
    with acting_as(admin):
        accounts_actions.end_membership(by=admin, membership_id=nurse.pk)
    again = accept(invite(clinic, nurse.person.email, "nurse").link, person_id=nurse.person_id)
    assert again.unconfirmed_since is not None
    with acting_as(accounts_queries.actor_of(again)), pytest.raises(NotAllowed):
        confirmation_actions.confirm(by=accounts_queries.actor_of(again), membership_id=again.pk)


def test_holders_and_prescribers_are_told_by_letter_and_on_their_home(clinic: Cast):
    newcomer(clinic, "nurse")
    told = {each.to: each for each in posted() if "waits to be confirmed" in each.subject}
    assert set(told) == {clinic.members["nurse"].person.email, clinic.members["prescriber"].person.email}
    assert "Confirm it only if you know the person" in told[clinic.members["nurse"].person.email].text
    assert "You need not do anything" in told[clinic.members["prescriber"].person.email].text
    assert "A newcomer to confirm" in body(clinic.client("nurse").get("/clinic/"))
    assert "A newcomer waits to be confirmed" in body(clinic.client("prescriber").get("/clinic/"))
    assert "newcomer" not in body(clinic.client("therapist").get("/clinic/"))
    assert "waits to be confirmed" in body(clinic.client("clinic_admin").get(STAFF))


def test_no_other_clinic_confirms(clinic: Cast, other_clinic: Cast):
    waits = newcomer(clinic)
    assert other_clinic.client("prescriber").post(reverse("console:newcomer", args=[waits.pk])).status_code == 404
    by = other_clinic.actor("prescriber")
    with acting_as(by), pytest.raises(ActionRefused) as refused:
        confirmation_actions.confirm(by=by, membership_id=waits.pk)
    assert refused.value.codes == ("unknown",)


# ---------------------------------------------------------------- the first of a role


def first_of(cast: Cast, role: str) -> Membership:
    """A newcomer to a role that nobody holds any more."""
    admin = cast.actor("clinic_admin")
    with acting_as(admin):
        accounts_actions.end_membership(by=admin, membership_id=cast.members[role].pk)
    return newcomer(cast, role)


def test_the_machines_owner_confirms_the_first_of_a_role(clinic: Cast):
    colleague, nurse = newcomer(clinic, "nurse", "another@north.example"), clinic.actor("nurse")
    with acting_as(nurse):
        confirmation_actions.confirm(by=nurse, membership_id=colleague.pk)
    waits = first_of(clinic, "prescriber")
    said = installation.confirm_first(email="NEW@north.example", role="prescriber")
    assert "prescriber" in said
    assert confirmed(clinic, waits)
    with acting_as(clinic.actor("auditor")):
        event = AuditEvent.objects.filter(action="person.confirmed").latest("seq")
        assert (event.name, event.person_id) == ("sojourn confirm", None)
    with pytest.raises(installation.CannotPrepare, match="confirmed as prescriber already"):
        installation.confirm_first(email="new@north.example", role="prescriber")


def test_but_not_past_somebody_who_holds_it(clinic: Cast):
    waits = newcomer(clinic)
    with pytest.raises(installation.CannotPrepare, match="holds this role already"):
        installation.confirm_first(email="new@north.example", role="prescriber")
    assert not confirmed(clinic, waits)


@pytest.mark.parametrize(
    ("email", "role", "says"),
    [("nobody@north.example", "nurse", "Nobody signs in"), ("new@north.example", "nurse", "is no nurse")],
)
def test_the_command_says_what_is_wrong(clinic: Cast, email: str, role: str, says: str):
    first_of(clinic, "prescriber")
    with pytest.raises(installation.CannotPrepare, match=says):
        installation.confirm_first(email=email, role=role)


def test_no_page_confirms_in_the_owners_name(clinic: Cast):
    """Without the owner's word in the database, which no runtime role can write, the action itself is refused there."""
    waits = first_of(clinic, "prescriber")
    by = Actor(clinic_id=clinic.clinic.pk, name="x", permissions=frozenset({confirmation_actions.OWNER}))
    with acting_as(by), pytest.raises(IntegrityError, match="owner has not said so"), transaction.atomic():
        confirmation_actions.confirm_first(by=by, membership_id=waits.pk)
    with acting_as(by), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute("INSERT INTO accounts_owner_word (membership_id) VALUES (%s)", (waits.pk,))
    assert all(confirmation_actions.OWNER not in each.may for each in roles().values())


# ---------------------------------------------------------------- the database as it ships


@pytest.mark.parametrize("role", CLINICAL)
def test_no_row_makes_a_clinician(clinic: Cast, role: str):
    as_shipped()
    person = Person.objects.create(email=f"x@{role}.example")
    by = clinic.actor("clinic_admin")
    with acting_as(by), pytest.raises(IntegrityError, match="waits until another"), transaction.atomic():
        Membership.objects.create(clinic=clinic.clinic, person=person, role=role, name="X")


def test_the_roles_of_the_database_are_those_of_the_file(db: None):
    with connection.cursor() as cursor:
        for code, each in roles().items():
            cursor.execute("SELECT sojourn_clinical_role(%s)", (code,))
            assert cursor.fetchone()[0] is each.clinical
    assert {code for code, each in roles().items() if each.clinical} == set(CLINICAL)
    assert all(each.clinical for each in roles().values() if "patient.clinical" in each.may)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"role": "prescriber"}, "not turned into another"),
        ({"unconfirmed_since": None}, "nobody has confirmed"),
    ],
)
def test_no_update_makes_one(clinic: Cast, change: dict[str, object], says: str):
    as_shipped()
    waits = newcomer(clinic, "nurse")
    with acting_as(clinic.actor("clinic_admin")), pytest.raises(IntegrityError, match=says), transaction.atomic():
        Membership.objects.filter(pk=waits.pk).update(**change)


def test_what_has_ended_stays_ended(clinic: Cast):
    admin, nurse = clinic.actor("clinic_admin"), clinic.members["nurse"]
    with acting_as(admin):
        accounts_actions.end_membership(by=admin, membership_id=nurse.pk)
        with pytest.raises(IntegrityError, match="stays ended"), transaction.atomic():
            Membership.objects.filter(pk=nurse.pk).update(ended_at=None)


@pytest.mark.parametrize("holder", ["clinic_admin", "nurse", "prescriber", "itself"])
def test_no_row_confirms_but_by_the_holder_who_asks(clinic: Cast, holder: str):
    """The prescriber could; but the administrator asks."""
    waits = newcomer(clinic)
    by = waits.pk if holder == "itself" else clinic.members[holder].pk
    admin = clinic.actor("clinic_admin")
    with acting_as(admin), pytest.raises(IntegrityError, match="another present holder"), transaction.atomic():
        RoleConfirmation.objects.create(
            clinic=clinic.clinic, membership=waits, confirmed_by_id=by, confirmed_at=timezone.now()
        )
