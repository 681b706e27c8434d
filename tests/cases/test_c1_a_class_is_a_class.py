"""C1: a class is a class, through every door: the intake, the candidacy, the plan, the eve, the dose step."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.encounter.models import SessionState
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.models import MedicationStatement
from sojourn.care.patients.models import Patient
from sojourn.care.plan import actions as plan_actions
from sojourn.care.session import road
from sojourn.care.session.eve import eve
from sojourn.care.session.snapshot import load
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import PatientScope, SessionScope
from tests.care.people import make_patient
from tests.care.stage import Stage, adopt_everything, arrive, check_dose, pass_checks, set_stage, to_dosing
from tests.care.way import IV, plan_values
from tests.cases.chair import press
from tests.clock import DENVER, now_here
from tests.conftest import Cast

INTAKE = "/today/intake/medicines/"


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def body(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def main(page: str) -> str:
    return words(page.split("<main", 1)[1].split("</main>", 1)[0])


def section(page: str, name: str) -> str:
    start = page.index(f'aria-labelledby="{name}"')
    return words(page[start : page.index("</section>", start)])


def takes(cast: Cast, patient: Patient, name: str, *, at: datetime | None = None, row: Any = None, **more: Any) -> Any:
    """Say a medicine, or say the line of ``row`` anew."""
    by = cast.actor("nurse")
    with acting_as(by):
        return intake_actions.say_line(
            by=by, patient_id=patient.pk, of="medicines", name=name, now=at, sure=True,
            line=row.line if row else None, seen=row.pk if row else None,
            **{"dose": "", "current": True, "stopped_on": None, **more},
        )  # fmt: skip


# ---------------------------------------------------------------- the intake


def test_a_product_told_in_the_intake_is_its_ingredients(clinic: Cast):
    """C1: "Tylenol 3" is acetaminophen and codeine, told by the patient's own form."""
    patient = make_patient(clinic)
    client: Client = clinic.client("Alma")
    client.get("/today/help/")
    client.post(f"{INTAKE}add/", {"name": "Tylenol #3", "current": "yes"})
    assert "Recognized as Acetaminophen, Codeine" in body(client.get(INTAKE))
    client.post(f"{INTAKE}add/", {"name": "Nuedexta", "current": "yes"})
    told = words(body(client.get(INTAKE)))
    assert "Recognized as Dextromethorphan" in told
    assert "Not checked: Quinidine" in told
    page = words(body(clinic.client("nurse").get(reverse("console:intake", args=[patient.pk]))))
    assert "(Acetaminophen, Codeine) Opioids" in page
    assert "not checked: Quinidine" in page


def test_how_a_medicine_is_taken_is_asked_and_kept(clinic: Cast):
    """C1: a class may hold by one route only; the form asks, and refuses what is no way of taking it."""
    patient = make_patient(clinic)
    client = clinic.client("Alma")
    client.get("/today/help/")
    client.post(f"{INTAKE}add/", {"name": "Prednisolone", "current": "yes", "route": "nose"})
    assert client.post(f"{INTAKE}add/", {"name": "Lithium", "current": "yes", "route": "ear"}).status_code == 422
    with acting_as(clinic.actor("nurse")):
        (row,) = MedicationStatement.objects.filter(patient=patient)
        assert row.route == "nose"
        (taken,) = intake_queries.medicines(PatientScope(patient.pk))
    assert taken.medicines[0].in_group("nasal-corticosteroid")
    assert "into the nose" in body(client.get(INTAKE))


# ---------------------------------------------------------------- the candidacy


@pytest.mark.parametrize(
    ("name", "way", "says"),
    [
        ("Temazepam", "ketamine-iv", "Temazepam Major"),  # Ketalar 7.3
        ("Zopiclone", "ketamine-iv", "Zopiclone Moderate"),  # Ketalar 7.3, CNS depressants
        ("Hydromorphone", "esketamine-in", "Hydromorphone Major"),  # Spravato 7.1
        ("Xyrem", "ketamine-im", "Sodium oxybate Major"),  # Ketalar 7.3
        ("Vyvanse", "esketamine-in", "Lisdexamfetamine Moderate"),  # Spravato 7.2
        ("Tylenol 3", "ketamine-iv", "Codeine (Tylenol with Codeine No.3) Major"),
        ("co-codamol 30/500", "ketamine-iv", "Codeine (Co-codamol) Major"),
        ("Ticlid", "esketamine-in", "AUC +29%"),  # Spravato label
        ("Klacid", "esketamine-in", "those by mouth (AUC x2.6) are not carried over"),
        ("grapefruit juice", "esketamine-in", "not studied with the spray"),
        ("Theophylline", "esketamine-in", "No statement was found in the US label"),
    ],
)
def test_the_candidacy_page_says_it_for_this_drug_and_route(ready: Cast, name: str, way: str, says: str):
    """C1: members of a class that no rule named, and figures that belong to one route."""
    patient = make_patient(ready)
    takes(ready, patient, name)
    page = body(ready.client("prescriber").get(f"{reverse('console:candidacy', args=[patient.pk])}?way={way}"))
    assert says in section(page, "interactions")


def test_what_no_rule_speaks_of_is_said_and_a_long_list_is_folded(ready: Cast):
    """C1: silent is not safe; and a page stays calm with twelve of them."""
    patient = make_patient(ready)
    takes(ready, patient, "Metformin")
    takes(ready, patient, "Grandmother's tea")
    address = f"{reverse('console:candidacy', args=[patient.pk])}?way=esketamine-in"
    told = section(body(ready.client("prescriber").get(address)), "interactions")
    assert "No statement found for this drug and route: Metformin" in told
    assert "Not checked: look these up Grandmother's tea" in told
    for name in ("Atorvastatin", "Omeprazole", "Finasteride", "Iron", "Vitamin D", "Magnesium", "Famotidine"):
        takes(ready, patient, name)
    page = body(ready.client("prescriber").get(address))
    assert "No statement found for this drug and route: 8 medicines" in section(page, "interactions")
    assert "<details><summary" in page[page.index('aria-labelledby="interactions"') :]


# ---------------------------------------------------------------- the plan


def test_the_plan_says_it_before_it_is_signed(ready: Cast):
    """C1: beside the drug and route of this plan, with what changed since the decision."""
    patient = make_patient(ready)
    by = ready.actor("prescriber")
    with acting_as(by):
        version = plan_actions.draft(by=by, patient_id=patient.pk)
        values = plan_values(IV, Decimal(35), timezone.now())
        plan_actions.save_draft(by=by, version_id=version.pk, seen=version.revision, values=values)
    takes(ready, patient, "Restoril", dose="15 mg")
    client = ready.client("prescriber")
    page = body(client.get(reverse("console:plan_sign", args=[version.pk])))
    assert "?of=medicines" in page
    piece = words(body(client.get(f"{reverse('console:plan_needs', args=[version.pk])}?of=medicines")))
    assert "Major Temazepam – Benzodiazepines" in piece


# ---------------------------------------------------------------- the evening before and the chair


@dataclass
class Booked:
    cast: Cast
    stage: Stage

    @property
    def patient(self) -> Patient:
        return self.stage.patient


@pytest.fixture
def tomorrow(ready: Cast) -> Booked:
    at = datetime.combine(now_here().date() + timedelta(days=1), time(10), DENVER)
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=at)
    return Booked(ready, stage)


def test_the_evening_before_names_what_is_new(tomorrow: Booked):
    """C1: a benzodiazepine begun since the plan was signed stands on the next day's page, and on the home page."""
    cast = tomorrow.cast
    client = cast.client("nurse")
    assert "No medicine changed" in main(body(client.get(reverse("console:eve"))))
    assert words(body(client.get(reverse("console:eve_waiting")))) == ""
    takes(cast, tomorrow.patient, "Temazepam", dose="15 mg")
    page = main(body(client.get(reverse("console:eve"))))
    assert "new: Temazepam 15 mg" in page
    assert "Since the plan was signed on" in page
    assert "Temazepam – Benzodiazepines" in page
    assert "waits for a prescriber" in page
    assert "the medicines of 1 patient changed" in words(body(client.get(reverse("console:eve_waiting"))))


def test_the_evening_before_asks_as_much_for_five_as_for_one(ready: Cast, django_assert_num_queries):
    """C1: no question for each patient."""
    at = datetime.combine(now_here().date() + timedelta(days=1), time(10), DENVER)
    with acting_as(ready.actor("nurse")):
        for number in range(1, 6):
            stage = set_stage(ready, at=at + timedelta(minutes=number), number=number)
            takes(ready, stage.patient, "Temazepam")
        with django_assert_num_queries(6):
            found = eve(ready.clinic.pk, DENVER, now_here().date())
    assert len(found.changed) == 5


def test_a_restricted_record_stays_closed_on_the_evening_before(tomorrow: Booked):
    """C1: who may not open a record reads no medicine of it."""
    takes(tomorrow.cast, tomorrow.patient, "Temazepam")
    with acting_as(tomorrow.cast.actor("clinic_admin")):
        Patient.objects.filter(pk=tomorrow.patient.pk).update(restricted=True)
    page = main(body(tomorrow.cast.client("nurse").get(reverse("console:eve"))))
    assert "Restricted record" in page
    assert "Temazepam" not in page


@pytest.fixture
def seated(ready: Cast) -> Stage:
    """A patient in the chair with a checked dose, decided, planned and without a medicine."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
        arrive(stage, now)
        pass_checks(stage, now)
        check_dose(stage, now)
    return stage


def against(stage: Stage) -> road.Against:
    with acting_as(stage.cast.actor("nurse")):
        return road.stands_against(load(SessionScope(stage.id), timezone.now()), "start_dose")


def codes(stage: Stage) -> dict[str, str]:
    return {each.code: each.override for each in against(stage).road}


def test_a_benzodiazepine_begun_since_the_decision_waits_at_the_chair(seated: Stage):
    """C1: temazepam, which no rule of the first versions named, holds the dose by its name until a prescriber signs."""
    takes(seated.cast, seated.patient, "Temazepam", dose="15 mg")
    assert codes(seated) == {"interaction:interaction.benzodiazepine": "prescriber"}
    client = seated.cast.client("nurse")
    page = words(body(press(client, seated, "session_start_dose")))
    assert "Temazepam – Benzodiazepines, new or changed since the decision" in page
    assert "new: Temazepam 15 mg" in page
    with acting_as(seated.cast.actor("nurse")):
        assert load(SessionScope(seated.id), timezone.now()).dose is None


def test_codeine_in_a_product_waits_like_codeine(seated: Stage):
    """C1: the step refuses on an ingredient, and says in what it came."""
    takes(seated.cast, seated.patient, "Tylenol No. 3")
    assert codes(seated) == {"interaction:interaction.opioid": "prescriber"}
    page = words(body(press(seated.cast.client("nurse"), seated, "session_start_dose")))
    assert "Codeine (Tylenol with Codeine No.3) – Opioids" in page


def test_a_dose_that_was_changed_since_waits_again(ready: Cast):
    """C1: what the decision saw at 1 mg is not what is taken at 4 mg."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        patient_before = set_stage(ready, at=now)
    row = takes(ready, patient_before.patient, "Lorazepam", dose="1 mg", at=now - timedelta(days=20))
    by = ready.actor("prescriber")
    with acting_as(by):
        found = candidacy_queries.assessment(PatientScope(patient_before.patient.pk), "ketamine", route="iv")
        decision = candidacy_actions._row(
            by, patient_before.patient, candidacy_actions.DecisionInput("accept"), found, (),
            candidacy_queries.latest(PatientScope(patient_before.patient.pk)), now - timedelta(hours=2),
        )  # fmt: skip
        decision.save(force_insert=True)
    with acting_as(ready.actor("nurse")):
        arrive(patient_before, now)
        pass_checks(patient_before, now)
        check_dose(patient_before, now)
    assert "interaction:interaction.benzodiazepine" not in codes(patient_before)
    takes(ready, patient_before.patient, "Lorazepam", dose="4 mg", row=row)
    assert codes(patient_before)["interaction:interaction.benzodiazepine"] == "prescriber"
    changed = against(patient_before).changed
    assert [(each.after, [one.what for one in each.changes]) for each in changed] == [("decision", ["changed"])]


def test_what_was_stopped_is_shown_and_holds_nothing(ready: Cast):
    """C1: stopped, and new without a statement: by name at the chair, and no signature is asked."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
    row = takes(ready, stage.patient, "Metformin", at=now - timedelta(days=6))
    with acting_as(ready.actor("nurse")):
        arrive(stage, now)
        pass_checks(stage, now)
        check_dose(stage, now)
    takes(ready, stage.patient, "Metformin", row=row, current=False)
    takes(ready, stage.patient, "Atorvastatin")
    found = against(stage)
    assert found.road == ()
    assert [(each.code, each.medicines) for each in found.notices] == [("no-statement", ("Atorvastatin",))]
    page = words(body(ready.client("nurse").get(reverse("console:session", args=[stage.id]))))
    day = date_format((now - timedelta(days=5)).astimezone(DENVER).date(), "j F Y")
    assert f"Since the plan was signed on {day}: new: Atorvastatin; stopped: Metformin" in page


@pytest.mark.alone
def test_the_last_dose_is_a_moment_of_its_own(ready: Cast):
    """C1: what came after the last dose is said after the last dose."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        first = to_dosing(ready, at=now - timedelta(minutes=30))
        history = road.medicine_history
    takes(ready, first.patient, "Zopiclone", dose="7.5 mg")
    with acting_as(ready.actor("nurse")):
        of = PatientScope(first.patient.pk)
        dosed = road.session_queries.dosed_before(of, first.appointment.care_plan_id, but=0).last_at
        assert dosed is not None
        (since,) = history.history(of).since_each(
            {"decision": now - timedelta(days=9), "plan": now - timedelta(days=5), "dose": dosed}
        )
    assert (since.after, [each.taken.name for each in since.changes]) == ("dose", ["Zopiclone"])


def test_a_prescriber_passes_it_with_a_reason_and_the_record_keeps_the_name(seated: Stage):
    """C1: a hold like the others of the road: a nurse's reason starts nothing, one prescriber's does."""
    takes(seated.cast, seated.patient, "Dilaudid", dose="2 mg")
    signed = {
        "override": "interaction:interaction.opioid",
        "reason": "Last taken two days ago; watched with capnography",
    }
    refused = press(seated.cast.client("nurse"), seated, "session_start_dose", **signed)
    assert refused.status_code in (403, 409)
    press(seated.cast.client("prescriber"), seated, "session_start_dose", **signed)
    with acting_as(seated.cast.actor("nurse")):
        assert load(SessionScope(seated.id), timezone.now()).dose is not None
        row = SessionState.objects.latest("id")
    assert [each["code"] for each in row.basis["set_aside"]] == [signed["override"]]
    assert "Hydromorphone" in str(row.basis["set_aside"])


def test_what_a_clinic_has_not_adopted_is_named_and_holds_nothing(clinic: Cast):
    """C1: the rule about barbiturates is derived: shown by name as not adopted."""
    adopt_everything(clinic, but={"interaction.barbiturate", "interaction.enzyme-inducer"})
    patient = make_patient(clinic)
    takes(clinic, patient, "Fioricet")
    page = body(clinic.client("prescriber").get(f"{reverse('console:candidacy', args=[patient.pk])}?way=ketamine-iv"))
    told = section(page, "interactions")
    assert "Butalbital (Fioricet) Major not adopted" in told
    assert "Caffeine (Fioricet) Minor" in told
