"""C7: a number that can be read two ways is refused at every door alike, and one that cannot is the same number at all.

A laboratory's `alt,"1,408"` was stored as 1408 while the typed field refused it. Each door below is tried with the same
texts; what it says are the words of the one reader (sojourn.clinical.numbers), and nothing is stored.
"""

from __future__ import annotations

import argparse
import csv
import html
import io
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone, translation

from sojourn.care.encounter.queries import current_state
from sojourn.care.intake.models import ClinicalFact, IntakeAnswer
from sojourn.clinical.numbers import NumberRefusal, read_number
from sojourn.clinical.pk.command import _instants
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.scope import SessionScope
from sojourn.foundation.ui.numbers import CountField, number_words
from sojourn.interfaces.console.concentration.forms import RegimenForm, WhoForm, weight_in
from sojourn.interfaces.console.measures.views import ScoreForm
from sojourn.interfaces.console.sessions.forms import DoseForm, ValuesForm
from sojourn.interfaces.console.sessions.medicines import MedicineForm
from sojourn.interfaces.console.sessions.pump_forms import PumpForm, RateForm, WasteForm
from sojourn.interfaces.devices.message import ParsedMessage, read
from tests.care.people import make_patient
from tests.care.stage import adopt_everything, arrive, set_stage
from tests.cases.test_c4_ceilings_at_the_plan import known, person
from tests.clock import DENVER, today
from tests.conftest import Cast
from tests.interfaces.devices.samples import hr, oru
from tests.interfaces.test_plan_pages import again, begun, typed
from tests.interfaces.test_rules_pages import adopt

TWO_WAYS = ("1,408", "1.408", "70,125", "1.500")
NO_NUMBER = (
    "1 408",
    "1\u00a0408",
    "1'408",
    "1,408.5",
    "1.408,5",
    "<5",
    ">90",
    "5-6",
    "1e3",
    "0x10",
    "inf",
    "٣٥",
    "５",
    "70 lb",
)
Door = Callable[[Cast, str], Any]


def body(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def facts(clinic: Cast, name: str) -> Any:
    with acting_as(clinic.actor("nurse")):
        found = [float(each.value) for each in ClinicalFact.objects.filter(name=name)]
    return found[0] if found else None


# ---------------------------------------------------------------- the doors: what was stored, or what the page said


def _report(clinic: Cast, text: str, delimiter: str = ",") -> Any:
    ana = make_patient(clinic, "Ana", sex="female")
    written = io.StringIO()
    rows = csv.writer(written, delimiter=delimiter)
    rows.writerows([("name", "value", "unit", "date"), ("alt", text, "U/L", today().isoformat())])
    answer = clinic.client("nurse").post(
        reverse("console:candidacy_report", args=[ana.pk]), {"report": written.getvalue()}
    )
    return facts(clinic, "alt") if answer.status_code == 302 else body(answer)


def semicolons(clinic: Cast, text: str) -> Any:
    return _report(clinic, text, ";")


def panel(clinic: Cast, text: str) -> Any:
    ana = make_patient(clinic, "Ana", sex="female")
    typed_in = {"panel": "liver", "alt": text, "observed_on": today().isoformat()}
    answer = clinic.client("nurse").post(reverse("console:candidacy_enter", args=[ana.pk]), typed_in)
    return facts(clinic, "alt") if answer.status_code == 302 else body(answer)


def intake(clinic: Cast, text: str) -> Any:
    make_patient(clinic, "Alma")
    answer = clinic.client("Alma").post(
        reverse("portal:intake_question", args=["weight"]), {"value": text, "unit": "kg", "seen": ""}
    )
    with acting_as(clinic.actor("nurse")):
        told = IntakeAnswer.objects.filter(question_id="weight").first()
    return told.value["number"] if told is not None else body(answer)


def plan(clinic: Cast, text: str) -> Any:
    who = person(clinic)
    known(clinic, who)
    version = begun(clinic, who)
    answer = clinic.client("prescriber").post(
        reverse("console:plan_edit", args=[version.pk]), typed(weight_kg=text) | {"done": "1"}
    )
    return again(clinic, version).weight_kg if answer.status_code == 302 else body(answer)


def scale(clinic: Cast, text: str) -> Any:
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic)
        arrive(stage, timezone.now())
        seen = str(current_state(SessionScope(stage.id)).seq)
    sent = {"item": "weight", "outcome": "passed", "last": "0", "kg": text, "seen": seen}
    answer = clinic.client("nurse").post(reverse("console:session_check", args=[stage.id]), sent)
    return body(answer) if answer.status_code != 302 else facts(clinic, "weight_kg")


def rule(clinic: Cast, text: str) -> Any:
    answer = clinic.client("prescriber").post(*adopt("spo2.low", medium=text))
    with acting_as(clinic.actor("prescriber")):
        adopted = rulebook_queries.adoptions(clinic.clinic.pk).get("spo2.low")
    return adopted.parameters["medium"] if adopted is not None else body(answer)


PAGES: Mapping[str, Door] = {
    "a laboratory's CSV": _report, "a laboratory's CSV with semicolons": semicolons, "a panel of facts": panel,
    "the intake on a phone": intake, "a plan": plan, "the scale at the session": scale, "a number of a rule": rule,
}  # fmt: skip
GOOD = {"a plan": ("70,5", 70.5), "the scale at the session": ("70,5", 70.5), "the intake on a phone": ("70,5", 70.5),
        "a number of a rule": ("95,5", 95.5)}  # fmt: skip


@pytest.mark.alone
@pytest.mark.parametrize("door", PAGES)
@pytest.mark.parametrize("text", TWO_WAYS[:2])
def test_what_can_be_read_two_ways_is_refused_and_nothing_is_stored(clinic: Cast, door: str, text: str):
    said = PAGES[door](clinic, text)
    refused = read_number(text)
    assert isinstance(refused, NumberRefusal)
    assert isinstance(said, str), f"stored as {said}"
    assert number_words(refused) in said


@pytest.mark.alone
@pytest.mark.parametrize("door", PAGES)
def test_a_decimal_comma_and_a_decimal_point_are_one_number(clinic: Cast, door: str):
    text, value = GOOD.get(door, ("35,5", 35.5))
    assert float(PAGES[door](clinic, text)) == value


@pytest.mark.alone
@pytest.mark.parametrize("door", PAGES)
@pytest.mark.parametrize("text", ["<5", "1 408", "1e3"])
def test_what_is_no_number_is_never_half_read(clinic: Cast, door: str, text: str):
    said = PAGES[door](clinic, text)
    assert isinstance(said, str), f"stored as {said}"


def test_it_is_said_in_spanish_too(clinic: Cast):
    nurse = clinic.client("nurse")
    nurse.cookies["django_language"] = "es"
    ana = make_patient(clinic, "Ana", sex="female")
    sent = {"panel": "liver", "alt": "1,408", "observed_on": today().isoformat()}
    said = body(nurse.post(reverse("console:candidacy_enter", args=[ana.pk]), sent))
    assert "“1,408” se puede leer de dos maneras. Escriba 1408 sin signo de millares, o 1,4080." in said


# ---------------------------------------------------------------- the fields of the other forms


def _fields() -> dict[str, forms.Field]:
    dose, values = DoseForm, ValuesForm(codes=["hr", "temp"])
    found = {f"a dose: {name}": dose.base_fields[name] for name in
             ("dose_mg", "stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h")}  # fmt: skip
    found |= {f"a reading: {code}": values.fields[code] for code in ("hr", "temp")}
    found |= {"a medicine by hand": MedicineForm.base_fields["amount"], "a rate": RateForm.base_fields["rate_ml_per_h"],
              "left in the pump": PumpForm.base_fields["remaining_ml"], "a waste": WasteForm.base_fields["mg"],
              "explorer: weight": WhoForm.base_fields["weight"], "explorer: level": WhoForm.base_fields["level"],
              "explorer: dose": RegimenForm.base_fields["mg"]}  # fmt: skip
    return found


FIELDS = ("a dose: dose_mg", "a dose: stock_mg_per_ml", "a dose: drawn_ml", "a dose: total_ml", "a dose: over_min",
          "a dose: rate_ml_per_h", "a reading: hr", "a reading: temp", "a medicine by hand", "a rate",
          "left in the pump", "a waste", "explorer: weight", "explorer: level", "explorer: dose")  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_asks_the_one_reader(clinic: Cast, name: str):
    field = _fields()[name]
    for text in (*TWO_WAYS, *NO_NUMBER):
        with pytest.raises(ValidationError):
            field.clean(text)
    for language in ("en", "es"):
        with translation.override(language):
            assert [float(field.clean(text)) for text in ("35,5", "35.5", " 35.5 ")] == [35.5] * 3
            shown = field.prepare_value(Decimal("35.500"))
            assert shown == {"en": "35.5", "es": "35,5"}[language]
            assert float(field.clean(shown)) == 35.5


def test_a_concentration_that_we_print_is_taken_back(clinic: Cast):
    """Three decimals end like a thousand: what the page prints must not be refused when it comes back."""
    field = DoseForm.base_fields["stock_mg_per_ml"]
    for language in ("en", "es"):
        with translation.override(language):
            for value in ("1.408", "50.000", "0.125", "12.5"):
                assert field.to_python(field.prepare_value(Decimal(value))) == Decimal(value)


@pytest.mark.parametrize("text", [*TWO_WAYS, *NO_NUMBER, "2,5", "2.0"])
def test_a_count_is_a_whole_number(text: str):
    with pytest.raises(ValidationError):
        CountField().clean(text)
    assert CountField().clean("12") == 12


def test_the_score_of_a_questionnaire(clinic: Cast):
    from sojourn.care.measures.queries import scale as scale_of

    with acting_as(clinic.actor("nurse")):
        form = ScoreForm(scale_of("madrs"), "Nora")
    assert form.fields["total"].clean("35") == 35
    for text in (*TWO_WAYS, *NO_NUMBER):
        with pytest.raises(ValidationError):
            form.fields["total"].clean(text)


@pytest.mark.parametrize("text", [*TWO_WAYS, *NO_NUMBER])
def test_the_weight_in_an_address(text: str):
    assert weight_in(text) is None
    assert weight_in("72,5 kg") == Decimal("72.5")


@pytest.mark.parametrize("text", ["10,1.408", "1e3", "inf", "nan", "10,,20", "٣٥"])
def test_the_minutes_of_the_command_line(text: str):
    with pytest.raises(argparse.ArgumentTypeError):
        _instants(text)
    assert _instants("10,20.5,40") == [10.0, 20.5, 40.0]


# ---------------------------------------------------------------- what a standard defines


def test_a_bundle_has_json_numbers_and_nothing_else(clinic: Cast):
    """FHIR defines its numbers by JSON: the point alone. 1.408 has one reading there; "1,408" in quotes has none."""
    ana = make_patient(clinic, "Ana", sex="female")
    url, nurse = reverse("console:candidacy_report", args=[ana.pk]), clinic.client("nurse")

    def sent(value: Any, **more: str) -> Any:
        quantity = {"value": value, "unit": "kg", "code": "Cel", **more}
        observation = {
            "resourceType": "Observation", "status": "final", "effectiveDateTime": f"{today().isoformat()}T09:00:00Z",
            "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}, "valueQuantity": quantity,
        }  # fmt: skip
        return nurse.post(url, {"report": json.dumps(observation)})

    for value in ("36,608", "36.6", "36", True, None, [36]):
        assert sent(value).status_code == 409, value
    assert "“<36.6” says more or less than a number" in body(sent(36.6, comparator="<"))
    assert facts(clinic, "temperature") is None
    assert sent(36.608).status_code == 302
    assert facts(clinic, "temperature") == 36.608


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("72", 72.0),
        ("72.5", 72.5),
        ("72,5", 72.5),
        ("72.125", 72.125),
        ("72,125", None),
        ("1,408", None),
        ("7 2", None),
    ],
)
def test_a_monitor_has_the_numbers_of_hl7(value: str, stored: float | None):
    """HL7 defines NM with the point alone and no thousands. A comma is outside it: taken where it has one reading."""
    message = read(oru(hr(value)), DENVER)
    assert isinstance(message, ParsedMessage)
    assert [each.value for each in message.readings] == ([] if stored is None else [stored])


# ---------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("bilirubin", "0.9", "mg/dL"), ("alt", "23", "furlong"), ("alt", "23", ""), ("weight_kg", "70", "stone"),
        ("bilirubin", "12", "mmol/L"),
    ],
)  # fmt: skip
def test_a_unit_that_we_cannot_convert_is_named_and_never_guessed(clinic: Cast, name: str, value: str, unit: str):
    ana = make_patient(clinic, "Ana", sex="female")
    report = f"name,value,unit,date\n{name},{value},{unit},{today().isoformat()}\n"
    answer = clinic.client("nurse").post(reverse("console:candidacy_report", args=[ana.pk]), {"report": report})
    assert answer.status_code == 409
    assert unit in body(answer)
    assert facts(clinic, name) is None


def test_a_line_with_a_decimal_comma_and_no_quotes_is_not_cut_in_two(clinic: Cast):
    ana = make_patient(clinic, "Ana", sex="female")
    report = f"name,value,unit,date\nalt,35,5,U/L,{today().isoformat()}\n"
    answer = clinic.client("nurse").post(reverse("console:candidacy_report", args=[ana.pk]), {"report": report})
    assert answer.status_code == 409
    assert "more fields than the first line names" in body(answer)
