"""D2: the dose at the chair, through the form in which two people write down what they read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from sojourn.care.encounter.models import SessionState
from sojourn.care.session.models import DoseCheck, MedicationAdministration
from sojourn.foundation.accounts.actor import acting_as
from tests.care.stage import adopt_everything
from tests.cases.chair import kept, press, said_at, second_nurse, show, write_down
from tests.clock import today
from tests.conftest import Cast
from tests.interfaces.test_session_pages import body, checked, reasons, typed_dose, url
from tests.words import stands_in

PLAN_MG = Decimal("42.5")  # 85 kg at 0.5 mg/kg
VIAL = {"stock_mg_per_ml": "50", "drawn_ml": "0.7"}
SPRAY = {"drug": "esketamine", "lot": "SP1", "expires_on": "2099-12-31", "vial": ""}


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def entries(cast: Cast) -> int:
    with acting_as(cast.actor("nurse")):
        return DoseCheck.objects.count()


@pytest.mark.alone
def test_4250_mg_typed_twice_by_two_nurses(ready: Cast):
    """D2: 4,250 mg for a plan of 42.5 mg is challenged where it is typed, however many nurses type it."""
    stage = checked(ready, dose_mg=PLAN_MG)
    for client in (ready.client("nurse"), second_nurse(ready)):
        answer = write_down(client, stage, dose_mg="4250", drawn_ml="85", total_ml="100", rate_ml_per_h="150")
        page = body(answer)
        assert answer.status_code == 409
        assert said_at(page, "dose_mg").startswith("4250 mg is about a hundred times off: the plan says 42.5 mg.")
        assert [kept(page, name) for name in ("dose_mg", "drawn_ml", "total_ml", "rate_ml_per_h", "lot")] == [
            "4250", "85", "100", "150", "K1",
        ]  # fmt: skip
        assert "Prepare the dose" in page
        refused = press(client, stage, "session_start_dose")
        assert "Drug, route, amount and lot are not all recorded." in reasons(refused)
    assert entries(ready) == 0


@pytest.mark.alone
@pytest.mark.parametrize("language", ["en", "es"])
def test_4250_written_with_a_comma(ready: Cast, language: str):
    """D2: "4,250" is a slip in either writing: no number in English, a tenth of the plan in Spanish."""
    stage = checked(ready, dose_mg=PLAN_MG)
    client = ready.client("nurse")
    client.cookies["django_language"] = language
    page = body(write_down(client, stage, dose_mg="4,250", drawn_ml="85", stock_mg_per_ml="50"))
    assert said_at(page, "dose_mg")
    assert kept(page, "dose_mg") == "4,250"
    assert entries(ready) == 0


@pytest.mark.alone
def test_85_mg_with_the_reason_x_by_a_nurse(ready: Cast):
    """D2: twice the dose of the plan is a prescriber's to sign; a nurse's reason starts nothing."""
    stage = checked(ready, dose_mg=PLAN_MG)
    nurse, other = ready.client("nurse"), second_nurse(ready)
    double = {"dose_mg": "85", "drawn_ml": "1.7"}
    page = body(write_down(nurse, stage, **double))
    assert "A prescriber must sign a different dose" in page  # said at once
    assert "85 mg is not the dose of the plan, 42.5 mg." in page
    write_down(other, stage, **double)
    page = show(nurse, stage)
    assert "Give the dose" in page
    assert "One prescriber may pass this, with a reason" in page
    assert "Nothing prevents it" not in page
    refused = press(nurse, stage, "session_start_dose", note="x", reason="x")
    assert refused.status_code == 409
    wanted = "85 mg is not the dose of the plan, 42.5 mg. A different dose needs a prescriber's signature."
    assert wanted in reasons(refused)
    ticked = press(nurse, stage, "session_start_dose", override="dose:beyond-rounding", reason="x")
    assert ticked.status_code == 403
    with acting_as(ready.actor("nurse")):
        assert not MedicationAdministration.objects.exists()
    signed = {"override": "dose:beyond-rounding", "reason": "No effect at 42.5 mg four times; discussed"}
    press(ready.client("prescriber"), stage, "session_start_dose", **signed)
    with acting_as(ready.actor("nurse")):
        assert MedicationAdministration.objects.get().dose_mg == Decimal(85)
        row = SessionState.objects.latest("id")
        assert row.reason == signed["reason"]
        assert [each["code"] for each in row.basis["set_aside"]] == ["dose:beyond-rounding"]


@pytest.mark.alone
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        # a tenth and a hundredth of 35 mg
        ({"dose_mg": "3.5", "drawn_ml": "0.07"}, "dose_mg", "3.5 mg is about ten times off: the plan says 35 mg."),
        ({"dose_mg": "0.35", "drawn_ml": "0.01"}, "dose_mg", "0.35 mg is about a hundred times off: the plan says 35"),
        # 50 mg/kg at 70 kg
        (
            {"dose_mg": "3500", "drawn_ml": "70", "total_ml": "100", "rate_ml_per_h": "150"},
            "dose_mg", "3500 mg is about a hundred times off",
        ),
        # 1.1 mg/kg at 70 kg over 40 minutes: the ceiling is 1 mg/kg
        ({"dose_mg": "77", "drawn_ml": "1.54"}, "dose_mg", "77 mg over 40 minutes is more than the highest dose"),
        # a vial of 100 mg/mL: 0.7 mL of it hold 70 mg
        ({"stock_mg_per_ml": "100"}, "drawn_ml", "0.7 mL of 100 mg/mL contain 70 mg, not 35 mg."),
        # 150 mL/h would be right for 100 mL; 50 mL in 40 minutes are 75 mL/h
        ({"rate_ml_per_h": "150"}, "rate_ml_per_h", "At 150 mL/h, 40 minutes give 100 mL, but there are 50 mL"),
        ({"drug": "esketamine"}, "drug", "This session's protocol is for Ketamine."),
        ({"lot": " "}, "lot", "This field is required."),
        ({"expires_on": ""}, "expires_on", "This field is required."),
        ({"stock_mg_per_ml": ""}, "stock_mg_per_ml", "This field is required."),
    ],
)  # fmt: skip
def test_a_slip_is_said_where_it_is_typed(ready: Cast, typed: dict[str, str], field: str, says: str):
    """D2: a tenth, 50 mg/kg, another vial, another bag: said beside the field, and nothing typed is lost."""
    stage = checked(ready)
    answer = write_down(ready.client("nurse"), stage, **typed)
    page = body(answer)
    assert answer.status_code in {409, 422}
    if field == "drug":
        assert says in page
    else:
        assert said_at(page, field).startswith(says)
    for name, value in {**typed_dose(), **typed}.items():
        if name != "drug":
            assert kept(page, name) == value, name
    assert entries(ready) == 0


@pytest.mark.alone
def test_an_expired_vial(ready: Cast):
    """D2: a vial that expired yesterday is refused; one that expires today may still be used."""
    stage = checked(ready)
    client = ready.client("nurse")
    yesterday = (today() - timedelta(days=1)).isoformat()
    page = body(write_down(client, stage, expires_on=yesterday))
    assert said_at(page, "expires_on") == f"It expired on {yesterday}. Take another one."
    assert entries(ready) == 0
    assert "A second person checks the dose" in body(write_down(client, stage, expires_on=today().isoformat()))


@pytest.mark.alone
@pytest.mark.parametrize(
    ("mg", "devices", "field", "says"),
    [
        ("840", "30", "devices", "Ensure this value is less than or equal to 20."),
        ("840", "10", "dose_mg", "840 mg is none of the doses that exist: 28, 56, 84 mg."),
        ("40", "2", "dose_mg", "40 mg is none of the doses that exist: 28, 56, 84 mg."),
        ("14", "1", "dose_mg", "14 mg is none of the doses that exist: 28, 56, 84 mg."),
        ("112", "4", "dose_mg", "112 mg is none of the doses that exist: 28, 56, 84 mg."),
        ("56", "1", "devices", "1 devices of 28 mg contain 28 mg, not 56 mg."),
    ],
)
def test_a_spray_is_whole_devices_of_the_label(ready: Cast, mg: str, devices: str, field: str, says: str):
    """D2: nasal esketamine is 28, 56 or 84 mg in devices of 28 mg (rule dose.in.esketamine); 840, 40, 14 and 112 mg
    are refused where they are typed."""
    stage = checked(ready, protocol_id="in_esketamine", dose_mg=Decimal(56))
    client = ready.client("nurse")
    page = show(client, stage)
    assert "28 mg each" in page
    for name in ("stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h"):
        assert f'name="{name}"' not in page, "a spray is not drawn up"
    answer = press(client, stage, "session_dose", **SPRAY, dose_mg=mg, devices=devices)
    page = body(answer)
    assert answer.status_code in {409, 422}
    assert said_at(page, field).startswith(says)
    assert (kept(page, "dose_mg"), kept(page, "devices")) == (mg, devices)
    assert entries(ready) == 0
    press(client, stage, "session_dose", **SPRAY, dose_mg="56", devices="2")
    press(ready.client("prescriber"), stage, "session_dose", **SPRAY, dose_mg="56", devices="2")
    press(client, stage, "session_start_dose")
    with acting_as(ready.actor("nurse")):
        row = MedicationAdministration.objects.get()
        assert (row.dose_mg, row.devices, row.rate_ml_per_h) == (Decimal(56), 2, None)


@pytest.mark.parametrize(
    ("protocol", "mg", "typed", "not_asked"),
    [
        (
            "im",
            "35",
            {"stock_mg_per_ml": "50", "drawn_ml": "0.7"},
            ("total_ml", "over_min", "rate_ml_per_h", "devices"),
        ),
        (
            "sc",
            "35",
            {"stock_mg_per_ml": "50", "drawn_ml": "0.7"},
            ("total_ml", "over_min", "rate_ml_per_h", "devices"),
        ),
        ("oral", "35", {}, ("stock_mg_per_ml", "drawn_ml", "total_ml", "rate_ml_per_h", "devices")),
        ("in_racemic", "35", {}, ("stock_mg_per_ml", "drawn_ml", "total_ml", "rate_ml_per_h", "devices")),
    ],
)
def test_each_route_asks_what_is_read_off(
    ready: Cast, protocol: str, mg: str, typed: dict[str, str], not_asked: tuple[str, ...]
):
    """D2: a vial is drawn up with its concentration, a tablet is not; no other route has a pump."""
    stage = checked(ready, protocol_id=protocol, dose_mg=Decimal(mg))
    nurse = ready.client("nurse")
    page = show(nurse, stage)
    assert [name for name in not_asked if f'name="{name}"' in page] == []
    whole = {"drug": "ketamine", "dose_mg": mg, "lot": "L9", "expires_on": "2099-12-31", "vial": "", **typed}
    for client in (nurse, ready.client("prescriber")):
        assert press(client, stage, "session_dose", **whole).status_code == 200
    assert "Give the dose" in show(nurse, stage)


def test_the_plan_stands_beside_and_the_first_entry_does_not(ready: Cast):
    """D2: the second person sees the plan's volume, rate and minutes, and nothing of what the first one typed."""
    stage = checked(ready)
    line = "0.7 mL of 50 mg/mL made up to 50 mL, 75 mL/h for 40 min"
    nurse, other = ready.client("nurse"), second_nurse(ready)
    assert line in show(nurse, stage)
    write_down(nurse, stage, dose_mg="34.5", drawn_ml="0.69", lot="SECRET-7")
    for page in (show(other, stage), body(press(other, stage, "session_start_dose"))):
        assert line in page
        assert not stands_in("34.5", page)
        assert "SECRET-7" not in page
        assert "is not the dose of the plan" not in page
    write_down(other, stage, dose_mg="34.5", drawn_ml="0.69", lot="SECRET-7")
    assert "34.5" in show(other, stage)


@pytest.mark.alone
def test_two_nurses_press_start_at_once(ready: Cast):
    """D2: one dose is given once; the second nurse is told who was quicker."""
    stage = checked(ready)
    nurse, other = ready.client("nurse"), second_nurse(ready)
    for client in (nurse, other):
        write_down(client, stage)
    assert nurse.post(url("session_start_dose", stage), {"seen": "2"}).status_code == 302
    late = other.post(url("session_start_dose", stage), {"seen": "2"})
    assert late.status_code == 409
    assert "has moved this session on in the meantime" in body(late)
    with acting_as(ready.actor("nurse")):
        assert MedicationAdministration.objects.count() == 1
