"""Every URL of the house with every role, with strangers, and with the ids of another clinic and another patient.

The URLs are discovered; what is expected comes from each view's own ``permissions`` (``@allowed``, ``@signed_in``,
``@public``). A new page is covered without a line here, unless its address has a parameter that this file cannot
make: then it fails and names the parameter. Add it to ``BOUND`` (rows of a clinic) or ``FREE`` (everything else).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils import timezone

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import clearance_actions
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.judging import fingerprint
from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent.models import Consent
from sojourn.care.coordination.models import Offer, WaitingEntry
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures.queries import scale
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan.models import PlanVersion
from sojourn.care.safety import actions as safety_actions
from sojourn.care.safety.models import Flag
from sojourn.care.session import waste_actions
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import InboundMessage, Observation, Stranger, StrangerMessage
from sojourn.config import errors
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts.actor import NOBODY, acting_as, set_actor
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.roles import role as role_of
from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.rulebook import actions as rulebook_actions
from tests.care.adopting import as_typed
from tests.care.stage import Stage, adopt_everything, arrive, set_stage
from tests.clock import today
from tests.conftest import Cast, make_clinic

STRANGER = "stranger"
EVERYBODY = (STRANGER, *roles())
# Views of others carry no declaration of ours: allauth guards its own, and test_entry.py meets them.
FOREIGN = ("allauth.", "django.views.i18n")

DONE = {200, 204, 302, 303, 304}
BAD_INPUT = {400, 409, 410, 422, 429}
WRONG_METHOD, NOT_THERE, FORBIDDEN = 405, 404, 403


# ---------------------------------------------------------------- what stands in an address


@dataclass
class House:
    """The rows of one clinic around one patient, made when an address first asks for them."""

    cast: Cast
    number: int
    tag: str

    @cached_property
    def plan(self) -> PlanVersion:
        """A draft of the running session's patient."""
        with acting_as(self.cast.actor("nurse")):
            return plan_actions.draft(by=self.cast.actor("nurse"), patient_id=self.running.patient.pk)

    @cached_property
    def booked(self) -> Stage:
        """An appointment whose patient has not arrived."""
        return set_stage(self.cast, number=self.number)

    @cached_property
    def running(self) -> Stage:
        """A session whose patient has arrived. This patient is the one who signs in."""
        stage = set_stage(self.cast, number=self.number + 1)
        with acting_as(self.cast.actor("nurse")):
            arrive(stage, timezone.now())
        return stage

    @cached_property
    def offer(self) -> Offer:
        """An earlier time offered to the patient of the running session."""
        stage, now = self.running, timezone.now()
        with acting_as(self.cast.actor("nurse")):
            entry = WaitingEntry.objects.create(
                clinic=self.cast.clinic, patient=stage.patient, care_plan=stage.appointment.care_plan, joined_at=now,
                joined_by=self.cast.members["nurse"],
            )  # fmt: skip
            return Offer.objects.create(
                clinic=self.cast.clinic, patient=stage.patient, entry=entry, freed_id=stage.appointment.pk,
                chair=stage.appointment.chair, during=(now + timedelta(days=1), now + timedelta(days=1, hours=3)),
                made_at=now, opens_at=now,
            )  # fmt: skip

    @cached_property
    def escort(self) -> RelatedPerson:
        with acting_as(self.cast.actor("nurse")):
            return RelatedPerson.objects.get(patient=self.running.patient)

    @cached_property
    def request(self) -> Any:
        by = self.cast.actor("nurse")
        with acting_as(by):
            return measures_actions.request_measure(
                by=by, patient_id=self.running.patient.pk, scale_id="gad-7", due_at=timezone.now() + timedelta(days=3)
            )

    @cached_property
    def measure_session(self) -> Any:
        """Several questionnaires asked as one."""
        by = self.cast.actor("prescriber")
        with acting_as(by):
            rulebook_actions.adopt(by=by, rule_id="battery.ptsd", parameters=as_typed("battery.ptsd"))
            return measures_actions.request_battery(
                by=by,
                patient_id=self.running.patient.pk,
                indication="ptsd",
                due_at=timezone.now() + timedelta(days=3),
            )

    @cached_property
    def flag(self) -> Flag:
        """A flag, and the answers that raised it, sent."""
        with acting_as(self.cast.actor("nurse")):
            by = self.patient_actor
            response = measures_actions.start_response(by=by, scale_id="phq-9")
            for item in scale("phq-9").items:
                safety_actions.answer_measure(by=by, response_id=response.pk, link_id=item.link_id, value=1)
            safety_actions.complete_measure(by=by, response_id=response.pk)
            return Flag.objects.select_related("response").get(response=response)

    @cached_property
    def consent(self) -> Any:
        """A signed agreement of the patient who signs in."""
        patient = self.running.patient
        with acting_as(self.patient_actor):
            return Consent.objects.get(patient=patient, document_id="driving")

    @cached_property
    def question(self) -> Any:
        by = self.patient_actor
        with acting_as(by):
            return consent_actions.ask_question(by=by, document_id="driving", section_id="home", text="Who?")

    @cached_property
    def override(self) -> Any:
        """The first of two signatures against a block."""
        by, patient = self.cast.actor("prescriber"), self.running.patient
        with acting_as(by):
            for name in ("can_become_pregnant", "pregnant"):
                entry_actions.enter_fact(by=by, patient_id=patient.pk, name=name, value=True, on=today())
            found = candidacy_queries.assessment(patient.pk, "ketamine")
            key = next(fingerprint(each) for each in found.blocking if each.rule_id == "CI-PREGNANCY")
            return candidacy_actions.override(
                by=by, patient_id=patient.pk, drug="ketamine", finding=key, reason="Seen by obstetrics"
            )

    @cached_property
    def clearance(self) -> Any:
        """A specialist's answer to a finding; of each house to another one."""
        by, patient = self.cast.actor("nurse"), self.running.patient
        fact, rule = ("seizures", "RC-SEIZURE") if self.number == 1 else ("porphyria", "RC-PORPHYRIA")
        with acting_as(by):
            entry_actions.enter_fact(by=by, patient_id=patient.pk, name=fact, value=True, on=today())
            found = candidacy_queries.assessment(patient.pk, "ketamine")
            key = next(fingerprint(each) for each in found.findings if each.rule_id == rule)
            return clearance_actions.record_clearance(
                by=by, patient_id=patient.pk, drug="ketamine", finding=key, kind="clearance", who="Dr. Lund",
                on=today(), document="letter 12",
            )  # fmt: skip

    @cached_property
    def raised(self) -> Any:
        """The first of two signatures under a higher ceiling."""
        by, name = self.cast.actor("prescriber"), "dose.ceiling.in.esketamine"
        with acting_as(by):
            rulebook_actions.adopt(by=by, rule_id=name, parameters=as_typed(name, most=56))
            return rulebook_actions.adopt(by=by, rule_id=name, parameters=as_typed(name))

    @cached_property
    def fact(self) -> Any:
        """A fact that a clinician entered about the patient."""
        by = self.cast.actor("nurse")
        with acting_as(by):
            return entry_actions.enter_fact(
                by=by, patient_id=self.running.patient.pk, name="height_cm", value=170, on=today()
            )

    @cached_property
    def waste(self) -> Any:
        """A waste that nobody has witnessed yet."""
        by = self.cast.actor("prescriber")
        with acting_as(by):
            return waste_actions.waste(by=by, encounter_id=self.running.id, mg=Decimal(1), key=uuid4())

    @cached_property
    def reading(self) -> Any:
        """A reading that a nurse typed."""
        with acting_as(self.cast.actor("nurse")):
            self.running.vitals(timezone.now(), spo2=98)
            return Observation.objects.filter(encounter_id=self.running.id).latest("id")

    @cached_property
    def medicine(self) -> Any:
        """A line of the patient's own list of medicines."""
        by = self.patient_actor
        with acting_as(by):
            return intake_actions.say_line(
                by=by, patient_id=by.patient_id, of="medicines", name="Lithium", current=True
            )

    @property
    def patient_actor(self) -> Any:
        return self.cast.actor(f"patient{self.tag}")

    @cached_property
    def device(self) -> Any:
        by = self.cast.actor("clinic_admin")
        with acting_as(by):
            return vitals_actions.add_device(by=by, name=f"Monitor {self.number}", key=f"KEY-{self.number}")

    @cached_property
    def message(self) -> InboundMessage:
        """A monitor's message that could not be used."""
        with acting_as(self.cast.actor("clinic_admin")):
            return InboundMessage.objects.create(
                clinic_id=self.cast.clinic.pk,
                received_at=timezone.now(),
                peer="192.0.2.1",
                digest=f"{self.number:032d}".encode(),
                raw=b"no message",
                ack="AR",
                fault="no_header",
            )

    @cached_property
    def kept(self) -> StrangerMessage:
        """What a sender on the clinic's port sent, whom nobody knows."""
        now, key = timezone.now(), f"bed:UNKNOWN{self.number}"
        with acting_as(self.cast.actor("clinic_admin")):
            sender = Stranger.objects.create(
                clinic_id=self.cast.clinic.pk, host="192.0.2.1", name=key, keys=key, count=1, first_at=now, last_at=now
            )
            return StrangerMessage.objects.create(
                clinic_id=self.cast.clinic.pk, stranger_id=sender.pk, received_at=now, peer="192.0.2.1:1",
                digest=f"kept{self.number:028d}".encode(), raw=b"no message", ack="AE", fault=f"unknown monitor {key}",
            )  # fmt: skip

    @cached_property
    def invitation(self) -> Any:
        by = self.cast.actor("clinic_admin")
        email = f"invited{self.number}@{self.cast.clinic.slug}.example"
        with acting_as(by):
            return accounts_actions.invite(by=by, email=email, name="Invited", role="nurse").invitation

    @cached_property
    def newcomer(self) -> Membership:
        """A nurse whom nobody has confirmed."""
        with acting_as(self.cast.actor("clinic_admin")):
            person = Person.objects.create_user(f"newcomer{self.number}@{self.cast.clinic.slug}.example")
            return Membership.objects.create(
                clinic=self.cast.clinic, person=person, role="nurse", name="New", unconfirmed_since=timezone.now()
            )


# Rows of a clinic. The second value says whether the row belongs to one patient.
BOUND: dict[str, tuple[Callable[[House], Any], bool]] = {
    "patient_id": (lambda house: house.running.patient.pk, True),
    "person_id": (lambda house: house.escort.pk, True),
    "related_person_id": (lambda house: house.escort.pk, True),
    "course_id": (lambda house: house.booked.appointment.care_plan_id, True),
    "care_plan_id": (lambda house: house.booked.appointment.care_plan_id, True),
    "appointment_id": (lambda house: house.booked.appointment.pk, True),
    "encounter_id": (lambda house: house.running.id, True),
    "session_id": (lambda house: house.running.id, True),
    "request_id": (lambda house: house.request.pk, True),
    "measure_session_id": (lambda house: house.measure_session.pk, True),
    "response_id": (lambda house: house.flag.response_id, True),
    "consent_id": (lambda house: house.consent.pk, True),
    "question_id": (lambda house: house.question.pk, True),
    "flag_id": (lambda house: house.flag.pk, True),
    "override_id": (lambda house: house.override.pk, True),
    "plan_id": (lambda house: house.plan.pk, True),
    "line_id": (lambda house: house.medicine.line, True),
    "chair_id": (lambda house: house.booked.appointment.chair_id, False),
    "device_id": (lambda house: house.device.pk, False),
    "message_id": (lambda house: house.message.pk, False),
    "kept_id": (lambda house: house.kept.pk, False),
    "stranger_id": (lambda house: house.kept.stranger_id, False),
    "membership_id": (lambda house: house.cast.members["nurse"].pk, False),
    "newcomer_id": (lambda house: house.newcomer.pk, False),
    "visit_id": (lambda house: house.running.appointment.pk, True),
    "offer_id": (lambda house: house.offer.pk, True),
    "raise_id": (lambda house: house.raised.pk, False),
    "fact_id": (lambda house: house.fact.pk, True),
    "clearance_id": (lambda house: house.clearance.pk, True),
    "finding": (lambda house: house.clearance.finding, False),
    "waste_id": (lambda house: house.waste.pk, True),
    "row_id": (lambda house: house.reading.pk, True),
    "invitation_id": (lambda house: house.invitation.pk, False),
}
# Everything else: words that mean the same in every clinic.
FREE: dict[str, object] = {
    "token": "no-such-token",
    "topic": "medicines",
    "number": 1,
    "scale_id": "phq-9",
    "rule_id": "iv_racemic_40min",
    "protocol_id": "iv_racemic_40min",
    "item_id": "padss",
    "name": "portal",
    "code": "hr",
    "group_code": "alarms",
    "line_code": "us-988",
    "document_id": "driving",
    "text_id": "driving",
    "of": "reading",
}
# Where the same word means something else at one address.
AT: dict[tuple[str, str], object] = {
    ("clinic/sessions/<int:encounter_id>/score/<slug:scale_id>/", "scale_id"): "padss",
    ("clinic/patients/<int:patient_id>/candidacy/clearances/<slug:finding>/<slug:kind>/", "kind"): "clearance",
}
# What is typed where the form itself names a thing that must be there.
TYPED: dict[str, dict[str, Any]] = {
    "clinic/sessions/<int:encounter_id>/events/": {"kind": "music"},
    "clinic/sessions/<int:encounter_id>/withdraw/": {"consent": lambda house: house.consent.pk, "reason": "said so"},
    "clinic/place/lines/<slug:line_code>/": {"number": "988", "works": "yes"},
    "clinic/sessions/<int:encounter_id>/check/": {"item": "consent", "outcome": "passed"},
}
# Addresses that have nothing to show by an ordinary visit: a token is a secret, the demo is off, and so on.
NOTHING_THERE = (
    "ride-home/", "way-home/", "earlier/",
    "clinic/feeds/", "today/feeds/", "invitation/", "outbox/", "accounts/", "ui/",
)  # fmt: skip


# ---------------------------------------------------------------- the addresses


@dataclass(frozen=True)
class Page:
    route: str
    view: Callable[..., Any]
    parameters: tuple[str, ...] = field(default=())

    @property
    def permissions(self) -> Any:
        return getattr(self.view, "permissions", "MISSING")

    def may(self, role: str) -> bool:
        if role == STRANGER:
            return self.permissions is None
        if self.permissions is None or self.permissions == "signed in":
            return True
        return bool(self.permissions & role_of(role).may)

    def address(self, house: House, **elsewhere: House) -> str:
        """The page's address with the rows of ``house``, or of another house for the parameters that are named."""
        address = f"/{self.route}"
        for name in self.parameters:
            if (self.route, name) in AT:
                value = AT[self.route, name]
            elif name in BOUND:
                value = BOUND[name][0](elsewhere.get(name, house))
            else:
                value = FREE[name]
            start = address.index("<")
            address = f"{address[:start]}{value}{address[address.index('>') + 1 :]}"
        return address


def pages(patterns: Any = None, before: str = "") -> Iterator[Page]:
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = before + str(pattern.pattern)
        if not isinstance(pattern, URLPattern):
            yield from pages(pattern.url_patterns, route)
        elif not pattern.callback.__module__.startswith(FOREIGN):
            assert isinstance(pattern.pattern, RoutePattern), f"{route} is a regular expression; write it as a path"
            names = [part.split(">")[0].rsplit(":", 1)[-1] for part in route.split("<")[1:]]
            yield Page(route, pattern.callback, tuple(names))


PAGES = sorted(pages(), key=lambda page: page.route)


# ---------------------------------------------------------------- the people


@dataclass
class World:
    here: House
    neighbour: House
    there: House
    clients: dict[str, Client] = field(default_factory=dict)
    wrong: set[tuple[str, str]] = field(default_factory=set)

    def ask(self, role: str, method: str, address: str, typed: dict[str, str]) -> int:
        """The status of the answer; what the page did is undone."""
        client = self.clients[role]
        with transaction.atomic():
            response = client.post(address, typed) if method == "post" else client.get(address)
            transaction.set_rollback(True)
        set_actor(NOBODY)
        return int(response.status_code)

    def both(self, role: str, page: Page, address: str) -> dict[str, int]:
        """The answers to both methods. A method that the view has not is tried by one of those who may open it: the
        view's decorator looks at nothing else. Who may not open it tries everything."""
        found = {}
        for method in ("get", "post"):
            if page.may(role) and (page.route, method) in self.wrong:
                continue
            typed = TYPED.get(page.route, {}).items()
            typed = {name: each(self.here) if callable(each) else each for name, each in typed}
            found[method] = self.ask(role, method, address, typed)
            if found[method] == WRONG_METHOD:
                self.wrong.add((page.route, method))
        return found


def enrol(house: House) -> None:
    """The patient and the support person of the running session, who sign in."""
    patient = house.running.patient
    with acting_as(house.cast.actor("nurse")):
        for role in ("patient", "support_person"):
            person = Person.objects.create_user(f"{role}.{house.number}@{house.cast.clinic.slug}.example")
            house.cast.members[f"{role}{house.tag}"] = Membership.objects.create(
                clinic=house.cast.clinic, person=person, role=role, name=patient.name, patient_id=patient.pk
            )


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Two clinics, made once; each request is rolled back by itself, everything at the end."""
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        # Thousands of refusals need no page each.
        patch.setattr(errors, "_page", lambda request, status: HttpResponse(status=status))
        north, south = make_clinic("matrix-north"), make_clinic("matrix-south")
        here, neighbour, there = House(north, 1, ""), House(north, 11, "2"), House(south, 21, "")
        for cast in (north, south):
            adopt_everything(cast)
        for house in (here, neighbour, there):
            enrol(house)
            for make, _bound in BOUND.values():
                make(house)
        world = World(here, neighbour, there)
        for role in EVERYBODY:
            client = Client() if role == STRANGER else north.client(role)
            client.raise_request_exception = False
            if role != STRANGER:
                # What the first request writes down, which here is undone, so that none of them has to write it.
                session, now = client.session, int(time.time())
                idle_s = settings.SESSION_IDLE_S["staff" if role_of(role).staff else "patient"]
                session.update({"since": now, "seen": now + 24 * 3600, "idle_s": idle_s})
                session.save()
            world.clients[role] = client
        set_actor(NOBODY)
        yield world
        set_actor(NOBODY)
        transaction.set_rollback(True)


# ---------------------------------------------------------------- the laws


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"/{page.route}")
def test_every_page_says_who_may_open_it(page: Page):
    assert page.permissions != "MISSING", f"{page.view.__module__}.{page.view.__name__} has no @allowed or @public"
    if isinstance(page.permissions, frozenset):
        known = frozenset().union(*(role.may for role in roles().values()))
        assert page.permissions <= known, f"no role holds {set(page.permissions - known)}"


def test_every_parameter_can_be_made():
    unknown = {
        (name, page.route)
        for page in PAGES
        for name in page.parameters
        if name not in BOUND and name not in FREE and (page.route, name) not in AT
    }
    assert not unknown, "say in BOUND or FREE how to make these"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"/{page.route}")
def test_roles(page: Page, world: World):
    """Own rows: those who may, do; those who may not get 403; strangers are asked to sign in; nobody gets a 500."""
    address = page.address(world.here)
    really_there = False
    for role in EVERYBODY:
        found = world.both(role, page, address)
        said = f"{role}: {found}"
        answers = set(found.values()) - {WRONG_METHOD}
        assert answers, f"{said}: answers neither GET nor POST"
        if page.may(role):
            assert answers <= DONE | BAD_INPUT | {NOT_THERE, FORBIDDEN}, said
            if isinstance(page.permissions, frozenset) and len(page.permissions) == 1:
                # A page of several permissions, or of none, looks closer at who asks; this one has been told enough.
                assert answers != {FORBIDDEN}, said
            really_there |= bool(answers & (DONE | BAD_INPUT))
        elif role == STRANGER:
            assert answers == {302}, said
            client = world.clients[role]
            where = client.get(address)
            if where.status_code != WRONG_METHOD:
                assert where["Location"].startswith("/accounts/login/"), said
        else:
            assert answers == {FORBIDDEN}, said
    assert really_there or page.route.startswith(NOTHING_THERE), (
        "nobody who may open it finds it: is its id made right?"
    )


WITH_IDS = [page for page in PAGES if any(name in BOUND for name in page.parameters)]


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_IDS, ids=lambda page: f"/{page.route}")
def test_another_clinics_ids(page: Page, world: World):
    """404 to whoever may open the page, 403 to whoever may not, in each place of the address; never a trace."""
    for name in page.parameters:
        if name not in BOUND:
            continue
        address = page.address(world.here, **{name: world.there})
        for role in EVERYBODY:
            found = world.both(role, page, address)
            answers = set(found.values()) - {WRONG_METHOD}
            if page.may(role):
                expected = {NOT_THERE}
            else:
                expected = {302} if role == STRANGER else {FORBIDDEN}
            assert answers == expected, f"{name} of another clinic, {role}: {found}"


OF_PATIENTS = [page for page in WITH_IDS if page.may("patient") or page.may("support_person")]


@pytest.mark.slow
@pytest.mark.parametrize("page", OF_PATIENTS, ids=lambda page: f"/{page.route}")
def test_another_patients_ids(page: Page, world: World):
    """A patient, and whoever supports them, meets another patient of the same clinic nowhere."""
    for name in page.parameters:
        if name not in BOUND or not BOUND[name][1]:
            continue
        address = page.address(world.here, **{name: world.neighbour})
        for role in ("patient", "support_person"):
            found = world.both(role, page, address)
            expected = {NOT_THERE} if page.may(role) else {FORBIDDEN}
            assert set(found.values()) - {WRONG_METHOD} == expected, f"{name} of another patient, {role}: {found}"
