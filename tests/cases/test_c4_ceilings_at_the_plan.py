"""C4: doses have ceilings, at the plan's doors: typed into the draft, checked, and signed with a typed reason."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from sojourn.care.intake import entry_actions
from sojourn.care.patients.models import Patient
from sojourn.care.plan import dose as plan_dose
from sojourn.care.plan.models import CarePlan, PlanVersion
from sojourn.clinical import dosing
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic, Membership, Person
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook import queries as rulebook_queries
from tests.care.adopting import as_typed
from tests.care.ceilings import adopt_ceilings
from tests.care.way import accepted, agreed
from tests.clock import today
from tests.conftest import Cast
from tests.interfaces.test_plan_pages import again, begun, saved, seen, typed
from tests.interfaces.test_session_pages import body, reasons

REASON = "The higher dose helped before, elsewhere; discussed with the patient"
EMPTY = dict.fromkeys(("weight_kg", "weight_on", "per_kg", "fixed_mg", "stock_mg_per_ml", "total_ml", "over_min"), "")
SPRAY = EMPTY | {"protocol_id": "in_esketamine"}
MUSCLE = typed() | {"protocol_id": "im", "stock_mg_per_ml": "50", "total_ml": "", "over_min": ""}
ABOVE = "is more than the highest dose for this drug by this route"
IV_CEILING = "dose.ceiling.iv.ketamine"


@pytest.fixture
def cast(clinic: Cast) -> Cast:
    adopt_ceilings(clinic)
    return clinic


def person(cast: Cast, drug: str = "ketamine", route: str = "iv", years: int = 40) -> Patient:
    """Somebody who was accepted and has agreed, so that nothing but the dose can stand against a plan."""
    at = timezone.now() - timedelta(days=2)
    with acting_as(cast.actor("nurse")):
        who = Patient.objects.create(
            clinic=cast.clinic, record_number=f"SJ-{Patient.objects.count():05d}", given_name="Ana",
            family_name="Ruiz", birth_date=today().replace(year=today().year - years, day=1), sex="male",
            created_at=at, created_by=cast.members["nurse"],
        )  # fmt: skip
    accepted(cast, who, drug=drug, route=route, at=at)
    agreed(cast, who, drug=drug, route=route, at=at)
    return who


def known(cast: Cast, who: Patient, **facts: float) -> None:
    by = cast.actor("nurse")
    with acting_as(by):
        for name, value in facts.items():
            entry_actions.enter_fact(by=by, patient_id=who.pk, name=name, value=value, on=today() - timedelta(days=1))


def check(cast: Cast, version: PlanVersion) -> None:
    """The second person's own figures, where there is a dose to check."""
    amount = version.per_kg if version.per_kg is not None else version.fixed_mg
    figures = {"weight_kg": str(version.weight_kg or ""), "amount": str(amount)}
    cast.client("nurse").post(reverse("console:plan_check", args=[version.pk]), figures)


def sign(cast: Cast, version: PlanVersion, reason: str = REASON):
    client, address = cast.client("prescriber"), reverse("console:plan_sign", args=[version.pk])
    page = body(client.get(address))
    return client.post(address, {"seen": seen(page), "beyond_reason": reason})


def refused(cast: Cast, version: PlanVersion) -> str:
    """What the page says when a prescriber signs with a reason and it is refused; nothing has begun."""
    answer = sign(cast, version)
    assert answer.status_code == 409
    with acting_as(cast.actor("prescriber")):
        assert not CarePlan.objects.exists()
        assert PlanVersion.objects.get(pk=version.pk).signed_at is None
    return reasons(answer)


def edit_page(cast: Cast, version: PlanVersion) -> str:
    return body(cast.client("prescriber").get(reverse("console:plan_edit", args=[version.pk])))


def words(page: str) -> str:
    return " ".join(page.split())


# ---------------------------------------------------------------- never, whatever is typed

# Of 70 kg: 1 mg/kg over 40 minutes are 70 mg, 0.5 mg/kg over 20 minutes 35 mg (dose.ceiling.iv.ketamine).
NEVER = {
    "IV 50 mg/kg": ({"per_kg": "50", "total_ml": "100"},
                    "3500 mg over 40 minutes is more than the highest dose in that time here, 70 mg."),
    "IV 3,500 mg for everybody": ({"per_kg": "", "fixed_mg": "3500", "total_ml": "100"},
                                  "This route is dosed by body weight."),
    "IV 1 mg/kg as a push": ({"per_kg": "1", "total_ml": "", "over_min": "1"},
                             "1 minutes is too fast. A dose into a vein takes at least 5 minutes here."),
    "IV 1 mg/kg over 39 minutes": ({"per_kg": "1", "over_min": "39"},
                                   "70 mg over 39 minutes is more than the highest dose in that time here, 35 mg."),
    "IV without minutes": ({"over_min": ""}, "A dose into a vein always needs its minutes."),
    "IV without minutes, undiluted": ({"over_min": "", "total_ml": ""}, "A dose into a vein always needs its minutes."),
    "a pump at 3,000,000 mL/h": ({"total_ml": "50000", "over_min": "1"},
                                 "A pump does not run at 3000000 mL/h: it runs from 0.1 to 1200 mL/h."),
    # 2,000 mL in 40 minutes; nothing else is wrong with it
    "a pump at 3,000 mL/h": ({"total_ml": "2000"}, "A pump does not run at 3000 mL/h: it runs from 0.1 to 1200 mL/h."),
    "nasal esketamine 840 mg": (SPRAY | {"fixed_mg": "840"}, f"840 mg {ABOVE} here, 84 mg."),
    "nasal esketamine 112 mg": (SPRAY | {"fixed_mg": "112"}, f"112 mg {ABOVE} here, 84 mg."),
    "nasal esketamine 40 mg": (SPRAY | {"fixed_mg": "40"}, "40 mg is none of the doses that exist: 28, 56, 84 mg."),
    "nasal esketamine 14 mg": (SPRAY | {"fixed_mg": "14"}, "14 mg is none of the doses that exist: 28, 56, 84 mg."),
    "IM 6.5 mg/kg": (MUSCLE | {"per_kg": "6.5"}, f"455 mg {ABOVE} here, 70 mg."),
    "IM 4 mg/kg": (MUSCLE | {"per_kg": "4"}, f"280 mg {ABOVE} here, 70 mg."),
}  # fmt: skip


@pytest.mark.alone
@pytest.mark.parametrize("title", NEVER)
def test_no_reason_passes_it(cast: Cast, title: str):
    """C4: typed, checked by a second person and signed with a reason, it is refused, and the draft said so before."""
    more, says = NEVER[title]
    way = {"in_esketamine": ("esketamine", "in"), "im": ("ketamine", "im")}.get(more.get("protocol_id", ""))
    who = person(cast, *way) if way else person(cast)
    version = saved(cast, who, **more)
    check(cast, version)
    page = edit_page(cast, version)
    assert says in words(page)
    said = refused(cast, version)
    assert says in said
    for other in ("accepted", "agreement", "second clinician"):
        assert other not in said or version.dose_mg is None, "nothing but the dose stands against it"


@pytest.mark.alone
def test_a_protocol_that_does_not_exist_gives_no_dose(cast: Cast):
    """C4: racemic film 1,000 mg: no protocol can be chosen, and where a row of an earlier release says it all the
    same, no ceiling is adopted for it, so that it is refused."""
    who = person(cast)
    version = begun(cast, who)
    film = EMPTY | {"protocol_id": "film", "fixed_mg": "1000"}
    answer = cast.client("prescriber").post(reverse("console:plan_edit", args=[version.pk]), typed(**film))
    assert answer.status_code == 422
    assert "Select a valid choice. film is not one of the available choices." in body(answer)
    version = saved(cast, who, **SPRAY | {"fixed_mg": "84"})
    with acting_as(cast.actor("prescriber")):
        row = {"route": "film", "drug": "ketamine", "fixed_mg": Decimal(1000), "dose_mg": Decimal(1000)}
        PlanVersion.objects.filter(pk=version.pk).update(**row)
    version = again(cast, version)
    check(cast, version)
    assert "This clinic has adopted no highest dose for this drug by this route." in refused(cast, version)


@pytest.mark.alone
def test_a_way_whose_ceiling_nobody_adopted_gives_no_dose(clinic: Cast):
    """C4: the usual infusion in a clinic that has adopted nothing; from the adoption on it is signed."""
    who = person(clinic)
    page = edit_page(clinic, begun(clinic, who))
    assert "no dose is given" not in page  # nothing is chosen yet
    version = saved(clinic, who)
    check(clinic, version)
    page = edit_page(clinic, version)
    ceiling = "Racemic ketamine into a vein: highest dose"
    assert f"Not adopted here, and without it no dose is given: {ceiling}" in page
    assert f"it limits nothing yet: {ceiling}" not in page
    assert "Until a prescriber adopts one, none is given." in refused(clinic, version)
    adopt_ceilings(clinic)
    assert sign(clinic, version, "").status_code == 302


def test_1_mg_per_kg_over_40_minutes_is_within_what_was_studied(cast: Cast):
    """C4: Fava 2018 studied 1.0 mg/kg: it needs no reason, and it is the whole of its ceiling."""
    version = saved(cast, person(cast), per_kg="1")
    check(cast, version)
    page = words(edit_page(cast, version))
    assert "Studied: 0.1 to 1 mg/kg." in page
    assert "100 % of the highest dose in 40 minutes" in page
    assert sign(cast, version, "").status_code == 302
    signed = again(cast, version)
    assert (signed.dose_mg, signed.beyond) == (Decimal(70), [])


# ---------------------------------------------------------------- what the page says of the bounds


def test_the_page_says_what_bounds_the_dose(cast: Cast):
    """C4: 0.5 mg/kg of 70 kg over 40 minutes: 35 of 70 mg. The steps are 0.3, 0.5 and 1 mg/kg; each with its mark."""
    version = saved(cast, person(cast))
    check(cast, version)
    sign_page = body(cast.client("prescriber").get(reverse("console:plan_sign", args=[version.pk])))
    for page in map(words, (edit_page(cast, version), sign_page)):
        assert ("21 mg over 5 minutes or more; 35 mg over 20 minutes or more; 70 mg over 40 minutes or more") in page
        assert reverse("console:rule", args=[IV_CEILING]) in page
        assert ">convention</a>" in page
        assert "50 % of the highest dose in 40 minutes" in page
        assert "0.1 to 1200 mL/h" in page
    assert sign(cast, version, "").status_code == 302
    signed = body(cast.client("prescriber").get(reverse("console:plan_version", args=[version.pk])))
    assert "50 % of the highest dose in 40 minutes" in words(signed)


def test_the_page_counts_the_devices(cast: Cast):
    """C4: 56 mg are two devices of 28 mg; in the US a course begins with at most 56 mg."""
    version = saved(cast, person(cast, "esketamine", "in"), **SPRAY | {"fixed_mg": "56"})
    page = words(edit_page(cast, version))
    assert "2 devices of 28 mg" in page
    assert "67 % of the highest dose" in page  # 56 of 84, upwards
    assert "at most 56 mg from 18 years on, by the label that applies here (US)" in page


@pytest.mark.parametrize(("place", "asked"), [("GB", True), ("US", False)])
def test_esketamine_at_70_begins_by_the_label_of_the_place(cast: Cast, place: str, asked: bool):
    """C4: a first dose of 56 mg at 70 years asks in the United Kingdom, where the label begins with 28 mg from 65 on,
    and not in the United States."""
    with acting_as(cast.actor("clinic_admin")):
        Clinic.objects.filter(pk=cast.clinic.pk).update(jurisdiction=place)
        cast.clinic.refresh_from_db()
    version = saved(cast, person(cast, "esketamine", "in", years=70), **SPRAY | {"fixed_mg": "56"})
    check(cast, version)
    says = "At 70 years the first dose is at most 28 mg by the label that applies here."
    assert (says in edit_page(cast, version)) is asked
    first = sign(cast, version, "")
    assert first.status_code == (409 if asked else 302)
    if asked:
        assert says in reasons(first)
        assert sign(cast, version).status_code == 302
    signed = again(cast, version)
    assert [each["code"] for each in signed.beyond] == (["start-dose"] if asked else [])
    assert signed.beyond_reason == (REASON if asked else "")


def test_a_heavy_person_is_warned_of_with_the_adjusted_weight(cast: Cast):
    """C4: 140 kg at 170 cm: 140 / 1.7² = 48.4 kg/m². 22 x 2.89 = 63.58 kg; 63.58 + 0.4 x (140 - 63.58) = 94.1 kg; at
    0.5 mg/kg that are 47.1 mg beside 70 mg. It refuses nothing, and its rule is marked as from memory."""
    who = person(cast)
    known(cast, who, height_cm=170, weight_kg=140)
    version = saved(cast, who, weight_kg="140")
    assert version.dose_mg == Decimal(70)
    check(cast, version)
    says = (
        "Body mass index 48.4. By the adjusted weight of 94.1 kg instead of 140 kg the dose would be 47.1 mg. This rule"
        " is unverified: from memory."
    )
    live = cast.client("prescriber").post(
        reverse("console:plan_edit", args=[version.pk]), typed(weight_kg="140", revision=str(version.revision)),
        headers={"HX-Request": "true"},
    )  # fmt: skip
    sign_page = body(cast.client("prescriber").get(reverse("console:plan_sign", args=[version.pk])))
    for page in (edit_page(cast, version), body(live), sign_page):
        assert says in words(page)
    assert sign(cast, version, "").status_code == 302


@pytest.mark.parametrize(("facts", "weight"), [({"height_cm": 170.0}, "70"), ({}, "140")])
def test_nobody_else_is_warned_of(cast: Cast, facts: dict[str, float], weight: str):
    """C4: 70 kg at 170 cm is an index of 24.2; without a height nothing is said."""
    who = person(cast)
    known(cast, who, **facts)
    version = saved(cast, who, weight_kg=weight)
    assert "Body mass" not in edit_page(cast, version)


def test_154_after_70_kg_asks_whether_it_was_pounds(cast: Cast):
    """C4: 154 pounds are 69.9 kg. It is asked once, where it is typed, and nothing is saved until then."""
    who = person(cast)
    known(cast, who, weight_kg=70)
    version = begun(cast, who)
    client, address = cast.client("prescriber"), reverse("console:plan_edit", args=[version.pk])
    answer = client.post(address, typed(weight_kg="154"))
    assert answer.status_code == 409
    page = body(answer)
    assert "Pounds? 154 kg; the last weight was 70 kg, which is 154.3 pounds." in page
    assert 'value="154"' in page
    assert again(cast, version).weight_kg == Decimal(70)
    assert client.post(address, typed(weight_kg="154", sure="1")).status_code == 302
    assert again(cast, version).weight_kg == Decimal(154)


# ---------------------------------------------------------------- tightened, and raised again


def second_prescriber(cast: Cast) -> None:
    with acting_as(cast.actor("clinic_admin")):
        two = Person.objects.create(email=f"prescriber2@{cast.clinic.slug}.example", password="!")
        cast.members["second"] = Membership.objects.create(
            clinic=cast.clinic, person=two, role="prescriber", name="Second Prescriber"
        )


@pytest.mark.alone
def test_a_ceiling_is_raised_by_two_persons(cast: Cast):
    """C4: lowered to 0.4 mg/kg by one, 0.5 mg/kg is refused; one signature under the higher one changes nothing, by
    one's own second role neither; the second person's does."""
    by = cast.actor("prescriber")
    version = saved(cast, person(cast))
    check(cast, version)
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id=IV_CEILING, parameters=as_typed(IV_CEILING, slow=0.4))
    # 0.4 mg/kg of 70 kg
    says = "35 mg over 40 minutes is more than the highest dose in that time here, 28 mg."
    assert says in refused(cast, version)
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id=IV_CEILING, parameters=as_typed(IV_CEILING, slow=0.8))
        raised = rulebook_queries.raises(cast.clinic.pk)[IV_CEILING]
    assert says in refused(cast, version)
    address = reverse("console:rule_raise", args=[raised.pk])
    own = cast.client("prescriber").post(address)
    assert own.status_code == 409
    assert "You signed this yourself." in body(own)
    assert cast.client("nurse").post(address).status_code == 403
    assert says in refused(cast, version)
    second_prescriber(cast)
    assert cast.client("second").post(address).status_code == 302
    page = words(edit_page(cast, version))
    assert "56 mg over 40 minutes or more" in page  # 0.8 mg/kg of 70 kg
    assert sign(cast, version, "").status_code == 302


def test_the_model_refuses_what_the_page_refuses(cast: Cast):
    """C4: below the doors the same: no override makes a dose of any of these orders."""
    with acting_as(cast.actor("prescriber")):
        rules = plan_dose.doses_of(cast.clinic.pk).rules
    weight = dosing.Weight(dosing.Kilograms.of(70), today())
    rounding = dosing.Rounding(dosing.Milligrams.of("0.5"), "nearest")
    for mg in (840, 112, 40, 14):
        order = dosing.Order("in", "esketamine", rounding, fixed=dosing.Milligrams.of(mg), weight=weight)
        found = dosing.calculate(order, rules, today(), override=True)
        assert isinstance(found, dosing.DoseRefused)
        assert not found.overridable
    film = dosing.Order("film", "ketamine", rounding, fixed=dosing.Milligrams.of(1000), weight=weight)
    found = dosing.calculate(film, rules, today(), override=True)
    assert isinstance(found, dosing.DoseRefused)
    assert "no-ceiling" in found.codes
