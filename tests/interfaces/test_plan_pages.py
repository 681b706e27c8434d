"""The pages of the plan: drafted with the working shown, checked blind, signed, printed; the patient's view."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sojourn.care.patients import actions as patients_actions
from sojourn.care.patients.models import Patient
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan import gates
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan, DoubleCheck, PlanVersion
from sojourn.care.plan.parts import Goal, PlanPart
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.interfaces.console.plans import presenters as plan_presenters
from tests.care.ceilings import adopt_ceilings
from tests.clock import today
from tests.conftest import Cast

IV = "iv_racemic_40min"


@pytest.fixture(autouse=True)
def way(monkeypatch: pytest.MonkeyPatch) -> dict:
    """Candidacy and consent stand, unless the test says otherwise."""
    told: dict = {"reasons": (), "conditions": ()}
    for name in ("gates", "decided", "agreed"):
        monkeypatch.setattr(gates, name, lambda *_: gates.Gates(told["reasons"], told["conditions"]))
    return told


@pytest.fixture
def who(clinic: Cast) -> Patient:
    adopt_ceilings(clinic)
    with acting_as(clinic.actor("prescriber")):
        return patients_actions.add(
            by=clinic.actor("prescriber"), given_name="Ana", family_name="Ruiz",
            birth_date=today().replace(year=1980, day=1),
        )  # fmt: skip


def typed(**more: str) -> dict[str, str]:
    """The editor as it is sent, with the infusion most studied: 0.5 mg/kg x 70 kg = 35 mg."""
    return {
        "indication": "Major depressive disorder", "protocol_id": IV, "weight_kg": "70",
        "weight_on": today().isoformat(), "per_kg": "0.5", "fixed_mg": "", "round_mg": "0.5",
        "round_direction": "nearest", "stock_mg_per_ml": "50", "total_ml": "50", "over_min": "40", "sessions": "6",
        "min_days": "2", "max_days": "4", "starts_on": today().isoformat(), "intention": "",
        "review_after": "6", "review_on": "", "change_reason": "",
        "part-0-kind": "cbt", "part-0-who": "Dr. Vale", "part-0-times": "1", "part-0-period": "week",
        "part-0-note": "", "part-1-kind": "", "part-1-who": "", "part-1-times": "", "part-1-period": "week",
        "part-1-note": "", "goal-0-text": "Sleep through the night", "goal-0-line": "", "revision": "1",
    } | more  # fmt: skip


def begun(clinic: Cast, who: Patient, role: str = "prescriber", **more: str) -> PlanVersion:
    client = clinic.client(role)
    answer = client.post(reverse("console:plan_draft", args=[who.pk]), more)
    assert answer.status_code == 302
    with acting_as(clinic.actor(role)):
        return PlanVersion.objects.latest("id")


def saved(clinic: Cast, who: Patient, role: str = "prescriber", **more: str) -> PlanVersion:
    version = begun(clinic, who, role)
    answer = clinic.client(role).post(reverse("console:plan_edit", args=[version.pk]), typed(**more) | {"done": "1"})
    assert answer.status_code == 302, answer.content.decode()
    return again(clinic, version)


def again(clinic: Cast, version: PlanVersion) -> PlanVersion:
    with acting_as(clinic.actor("prescriber")):
        return plan_queries.version(version.pk)


def signed(clinic: Cast, who: Patient, **more: str) -> PlanVersion:
    version = saved(clinic, who, **more)
    checked(clinic, version)
    client = clinic.client("prescriber")
    page = client.get(reverse("console:plan_sign", args=[version.pk])).content.decode()
    assert client.post(reverse("console:plan_sign", args=[version.pk]), {"seen": seen(page)}).status_code == 302
    return again(clinic, version)


def checked(clinic: Cast, version: PlanVersion, weight: str = "70", amount: str = "0.5"):
    return clinic.client("nurse").post(
        reverse("console:plan_check", args=[version.pk]), {"weight_kg": weight, "amount": amount}
    )


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


@pytest.mark.alone
def test_the_whole_way(clinic: Cast, who: Patient):
    client = clinic.client("prescriber")
    empty = client.get(reverse("console:plan", args=[who.pk])).content.decode()
    assert "Versions of the plan appear here" in empty
    version = saved(clinic, who)
    assert (version.dose_mg, version.revision) == (Decimal("35.00"), 2)
    page = client.get(reverse("console:plan_version", args=[version.pk])).content.decode()
    assert "A second clinician has still to check the dose." in page
    assert "Check the dose</a>" not in page  # she worked it out herself
    assert checked(clinic, version).status_code == 302
    sign_page = client.get(reverse("console:plan_sign", args=[version.pk])).content.decode()
    assert "0.5 mg/kg × 70 kg = 35 mg" in sign_page
    answer = client.post(reverse("console:plan_sign", args=[version.pk]), {"seen": seen(sign_page)})
    assert answer.status_code == 302
    with acting_as(clinic.actor("prescriber")):
        assert CarePlan.objects.get().dose_mg == Decimal("35.00")
    page = client.get(reverse("console:plan_version", args=[version.pk])).content.decode()
    assert "in force" in page
    series = f'href="{reverse("console:series", args=[again(clinic, version).care_plan_id])}"'
    assert series in page
    for role in ("nurse", "front_desk", "prescriber"):
        assert series in clinic.client(role).get(reverse("console:patient", args=[who.pk])).content.decode(), role
    assert series not in clinic.client("therapist").get(reverse("console:patient", args=[who.pk])).content.decode()
    # the same click once more is harmless
    assert client.post(reverse("console:plan_sign", args=[version.pk]), {"seen": seen(sign_page)}).status_code == 302
    with acting_as(clinic.actor("prescriber")):
        assert CarePlan.objects.count() == 1


def test_the_working_comes_live_from_the_server(clinic: Cast, who: Patient):
    version = begun(clinic, who)
    answer = clinic.client("prescriber").post(
        reverse("console:plan_edit", args=[version.pk]), typed(), headers={"HX-Request": "true"}
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in (
        "0.5 mg/kg × 70 kg = 35 mg",
        "35 mg ÷ 50 mg/mL = 0.7 mL",
        "50 mL − 0.7 mL = 49.3 mL",
        "50 mL ÷ 40 min = 75 mL/h",
        "35 mg × 11.53 mg ÷ 10 mg = 40.355 mg",
        "Studied: 0.1 to 1 mg/kg.",
        "What was studied, not what is allowed.",
        'name="revision" id="revision" value="2"',
        "Use the dose most studied",
        "Use this series",
    ):
        assert words in page, words
    assert "<html" not in page


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"weight_kg": "700"}, "700 kg is not the weight of a person"),
        ({"per_kg": "half"}, "“half” is not a number."),
        ({"min_days": "5", "max_days": "3"}, "The fewest days between sessions are more than the most."),
        ({"part-0-who": ""}, "Write who does this part of the plan."),
        ({"part-1-note": "Tuesdays"}, "Choose what kind of part it is."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(clinic: Cast, who: Patient, more: dict, words: str):
    version = begun(clinic, who)
    answer = clinic.client("prescriber").post(reverse("console:plan_edit", args=[version.pk]), typed(**more))
    page = answer.content.decode()
    assert answer.status_code in {409, 422}
    assert words in page
    assert "Major depressive disorder" in page
    assert "Dr. Vale" in page or "part-0-who" in more
    assert again(clinic, version).revision == 1


def test_two_people_in_one_draft(clinic: Cast, who: Patient):
    version = begun(clinic, who)
    address = reverse("console:plan_edit", args=[version.pk])
    assert clinic.client("nurse").post(address, typed(sessions="8")).status_code == 302
    answer = clinic.client("prescriber").post(address, typed(sessions="4"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else changed this draft a moment ago." in page
    assert 'name="sessions" value="4"' in page
    assert again(clinic, version).sessions == 8


def test_outside_of_what_was_studied(clinic: Cast, who: Patient):
    version = saved(clinic, who, per_kg="0.08")
    client, address = clinic.client("prescriber"), reverse("console:plan_sign", args=[version.pk])
    assert checked(clinic, version, amount="0.08").status_code == 302
    page = client.get(address).content.decode()
    assert "0.08 mg/kg is outside the studied range, 0.1 to 1 mg/kg." in page
    answer = client.post(address, {"seen": seen(page)})
    assert answer.status_code == 409
    assert "Write why this dose is right for this person all the same." in answer.content.decode()
    assert client.post(address, {"seen": seen(page), "beyond_reason": "Begins very low"}).status_code == 302
    assert again(clinic, version).beyond_reason == "Begins very low"


@pytest.mark.alone
def test_the_check_is_blind_and_says_both_figures(clinic: Cast, who: Patient):
    version = saved(clinic, who)
    blind = clinic.client("nurse").get(reverse("console:plan_check", args=[version.pk])).content.decode()
    assert "mg/kg × " not in blind
    assert "35 mg" not in blind
    assert "(optional)" not in blind
    assert checked(clinic, version, weight="").status_code == 422
    answer = checked(clinic, version, weight="80")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "the plan says 70 kg, you say 80 kg" in page
    assert 'value="80"' in page
    own = clinic.client("prescriber").post(
        reverse("console:plan_check", args=[version.pk]), {"weight_kg": "70", "amount": "0.5"}
    )
    assert own.status_code == 409
    with acting_as(clinic.actor("nurse")):
        assert not DoubleCheck.objects.exists()
        # The same person in another role is no second pair of eyes.
        clinic.members["also nurse"] = Membership.objects.create(
            clinic=clinic.clinic, person=clinic.members["prescriber"].person, role="nurse", name="Also"
        )
    client = clinic.client("also nurse")
    assert "You worked this dose out yourself" in client.get(
        reverse("console:plan_check", args=[version.pk])
    ).content.decode()  # fmt: skip
    other = client.post(reverse("console:plan_check", args=[version.pk]), {"weight_kg": "70", "amount": "0.5"})
    assert other.status_code == 409


def test_what_stands_against_a_signature_is_all_said(clinic: Cast, who: Patient, way: dict):
    way["reasons"] = (("candidacy", "Nobody has decided yet."), ("consent", "The patient has not signed."))
    version = saved(clinic, who)
    client, address = clinic.client("prescriber"), reverse("console:plan_sign", args=[version.pk])
    page = client.get(address).content.decode()
    assert "Nobody has decided yet." in client.get(reverse("console:plan_needs", args=[version.pk])).content.decode()
    answer = client.post(address, {"seen": seen(page)})
    assert answer.status_code == 409
    for words in ("Nobody has decided yet.", "The patient has not signed.", "has not checked this dose yet"):
        assert words in answer.content.decode()


def test_the_next_version_shows_its_differences_and_prints(clinic: Cast, who: Patient):
    first = signed(clinic, who)
    second = begun(clinic, who, course=str(first.care_plan_id))
    client = clinic.client("prescriber")
    told = typed(per_kg="0.6", change_reason="Partial response")
    assert client.post(reverse("console:plan_edit", args=[second.pk]), told).status_code == 302
    page = client.get(reverse("console:plan_version", args=[second.pk])).content.decode()
    assert "Changed since version 1" in page
    assert "<del>0.5 mg/kg</del>" in page
    assert "<ins>0.6 mg/kg</ins>" in page
    paper = client.get(reverse("console:plan_pdf", args=[first.pk]))
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    draft = client.get(reverse("console:plan_pdf", args=[second.pk]))
    assert draft.status_code == 302  # a draft is no document


def test_use_what_was_studied(clinic: Cast, who: Patient):
    version = begun(clinic, who)
    address = reverse("console:plan_edit", args=[version.pk])
    client = clinic.client("prescriber")
    bare = typed(per_kg="", over_min="", sessions="", min_days="", max_days="")
    assert client.post(address, bare | {"use": "dose"}).status_code == 302
    assert client.post(address, bare | {"use": "series", "revision": "2", "per_kg": "0.5"}).status_code == 302
    found = again(clinic, version)
    # Andrade 2017: 0.5 mg/kg over 40 min; Oliver 2022: six infusions in 21 days
    assert (found.per_kg, found.sessions, found.max_days) == (Decimal("0.5000"), 6, 4)


def test_a_page_takes_few_statements(clinic: Cast, who: Patient):
    version = signed(clinic, who)
    second = begun(clinic, who, course=str(version.care_plan_id))
    assert clinic.client("nurse").post(
        reverse("console:plan_edit", args=[second.pk]), typed(change_reason="Less") | {"per_kg": "0.4"}
    )
    client = clinic.client("prescriber")
    pages = [("plan", who.pk), ("plan_version", version.pk), ("plan_version", second.pk), ("plan_edit", second.pk)]
    for name, number in [*pages, ("plan_sign", second.pk), ("plan_check", second.pk)]:
        address = reverse(f"console:{name}", args=[number])
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        spoken = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(spoken) <= 16, f"{name}: {len(spoken)}\n" + "\n".join(each[:160] for each in spoken)


def test_another_clinic_finds_nothing(clinic: Cast, other_clinic: Cast, who: Patient):
    version = saved(clinic, who)
    client = other_clinic.client("prescriber")
    for name in ("plan_version", "plan_edit", "plan_check", "plan_sign", "plan_pdf", "plan_needs"):
        assert client.get(reverse(f"console:{name}", args=[version.pk])).status_code == 404
    assert client.post(reverse("console:plan_discard", args=[version.pk])).status_code == 404
    assert client.get(reverse("console:plan", args=[who.pk])).status_code == 404


def test_the_bar_and_the_working_are_words_too(clinic: Cast, who: Patient):
    with acting_as(clinic.actor("prescriber")):
        version = PlanVersion(dose_mg=None, working=[
            {"step": "dose", "given": [["1/3", "mg/kg"], ["70", "kg"]], "result": ["70/3", "mg"]}
        ])  # fmt: skip
        assert [line.words for line in plan_presenters.working(version)] == ["0.3333 mg/kg × 70 kg = 23.3333 mg"]


# ---------------------------------------------------------------- the patient


def patient_client(clinic: Cast, who: Patient) -> Client:
    with acting_as(clinic.actor("prescriber")):
        person = Person.objects.create_user(f"ana@{clinic.clinic.slug}.example", None)
        membership = Membership.objects.create(
            clinic=clinic.clinic, person=person, role="patient", name="Ana Ruiz", patient_id=who.pk
        )
    clinic.members["ana"] = membership
    return clinic.client("ana")


def test_my_plan_in_plain_words(clinic: Cast, who: Patient):
    client = patient_client(clinic, who)
    assert "Your plan will appear here" in client.get(reverse("portal:plan")).content.decode()
    version = saved(clinic, who)
    assert "Your plan will appear here" in client.get(reverse("portal:plan")).content.decode()  # a draft is not shown
    with acting_as(clinic.actor("prescriber")):
        plan_actions.save_draft(
            by=clinic.actor("prescriber"), version_id=version.pk, seen=version.revision,
            values={
                "parts": (PlanPart("group", "The Tuesday group", 2, "month"),),
                "goals": (Goal("Sleep through the night"), Goal("Work half days")),
                "review_on": today() + timedelta(days=30),
            },
        )  # fmt: skip
    checked(clinic, version)
    doctor = clinic.client("prescriber")
    page = doctor.get(reverse("console:plan_sign", args=[version.pk])).content.decode()
    assert doctor.post(reverse("console:plan_sign", args=[version.pk]), {"seen": seen(page)}).status_code == 302
    mine = client.get(reverse("portal:plan")).content.decode()
    for words in (
        "through a thin tube into a vein in your arm", "It takes about 40 minutes.", "6 sessions",
        "2 to 4 days apart", "With The Tuesday group, 2 times each month.", "Sleep through the night",
        "Work half days", "After 6 sessions.",
    ):  # fmt: skip
        assert words in mine, words
    assert "mg/kg" not in mine


def test_a_patient_finds_no_way_into_the_editor(clinic: Cast, who: Patient):
    version = saved(clinic, who)
    client = patient_client(clinic, who)
    for name in ("plan_version", "plan_edit", "plan_check", "plan_sign", "plan_pdf"):
        assert client.get(reverse(f"console:{name}", args=[version.pk])).status_code == 403


@pytest.mark.alone
def test_the_rooms_before_answer_for_themselves(clinic: Cast, who: Patient, monkeypatch: pytest.MonkeyPatch):
    """Nobody has decided and nobody has agreed: both are said, each in few statements, and nothing is signed."""
    monkeypatch.undo()
    version = saved(clinic, who)
    checked(clinic, version)
    client = clinic.client("prescriber")
    address = reverse("console:plan_needs", args=[version.pk])
    assert "No prescriber has decided yet" in client.get(address).content.decode()
    assert "The clinic has not adopted this text yet" in client.get(address + "?of=agreements").content.decode()
    for each in (address, address + "?of=agreements"):
        with CaptureQueriesContext(connection) as queries:
            client.get(each)
        spoken = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(spoken) <= 12, "\n".join(spoken)
    sign_page = reverse("console:plan_sign", args=[version.pk])
    answer = client.post(sign_page, {"seen": seen(client.get(sign_page).content.decode())})
    assert answer.status_code == 409
    assert "No prescriber has decided yet" in answer.content.decode()
    assert again(clinic, version).signed_at is None
