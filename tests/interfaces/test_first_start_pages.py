"""The first start of a clinic: group by group, rule by rule, nothing unread and nothing untyped; left and resumed."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.clinical.rules import Parameter
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.rulebook import first_start as walking
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.interfaces.console.rules.forms import field_name
from tests.care.adopting import as_typed
from tests.care.stage import adopt_everything
from tests.conftest import Cast

OVERVIEW = "/clinic/first-start/"
UNREAD = {"convention", "recalled"}


def body(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]).split())


def rule(rule_id: str) -> str:
    return reverse("console:first_start_rule", args=[rule_id])


def form(rule_id: str, **own: str) -> dict[str, str]:
    shown = {name: f"{value:g}" for name, value in as_typed(rule_id).items()}
    return {"hash": released_rulebook().rule(rule_id).hash} | {
        field_name(rule_id, name): value for name, value in {**shown, **own}.items()
    }


def decided(cast: Cast) -> dict[str, RuleAdoption]:
    with acting_as(cast.actor("prescriber")):
        return rulebook_queries.adoptions(cast.clinic.pk)


def walk(cast: Cast) -> walking.FirstStart:
    with acting_as(cast.actor("prescriber")):
        return walking.first_start(rulebook_queries.standings(cast.clinic.pk))


def second_prescriber(cast: Cast) -> Client:
    with acting_as(cast.actor("clinic_admin")):
        cast.members["second"] = Membership.objects.create(
            clinic=cast.clinic, person=Person.objects.create(email=f"two@{cast.clinic.slug}.example"),
            role="prescriber", name="Second Prescriber",
        )  # fmt: skip
    return cast.client("second")


# ---------------------------------------------------------------- what is walked


def test_every_rule_that_waits_for_a_safe_day_is_in_a_group(clinic: Cast):
    kinds = {kind for _code, kinds in walking.GROUPS for kind in kinds}
    found = walk(clinic)
    placed = {each.newest.id for group in found.groups for each in group.to_decide}
    expected = {
        each.id for each in released_rulebook().newest.values()
        if each.kind in kinds and not each.acts_without_adoption
        and each.kind not in ("score.recovery", "recovery.signing")
    }  # fmt: skip
    assert placed == expected
    kinds_placed = {rule.kind for rule in released_rulebook().newest.values() if rule.id in placed}
    assert {"session.hard_floor", "alarm.threshold", "protocol", "dose.ceiling", "eligibility", "evidence",
            "interaction"} <= kinds_placed  # fmt: skip


def test_the_overview_says_how_far_one_is(clinic: Cast, django_assert_max_num_queries):
    client = clinic.client("prescriber")
    client.get(OVERVIEW)
    with django_assert_max_num_queries(12):
        page = words(body(client.get(OVERVIEW)))
    numbers = sum(len(each.newest.numbers) for group in walk(clinic).groups for each in group.to_decide)
    assert f"0 of 8 groups; 0 of {numbers} numbers" in page
    assert "No dose can be given yet" in page
    assert client.post(rule("floor.spo2"), form("floor.spo2")).url == rule("floor.sbp")
    assert f"0 of 8 groups; 1 of {numbers} numbers" in words(body(client.get(OVERVIEW)))


def test_a_page_shows_statement_source_mark_examples_and_empty_fields(clinic: Cast):
    page = body(clinic.client("prescriber").get(rule("spo2.low")))
    shown = words(page)
    known = released_rulebook().rule("spo2.low")
    assert known.statement in shown
    assert known.sources[0] in shown
    assert known.examples[1].title in shown
    assert "Convention, no source" in shown
    assert "Proposed: 94 %" in shown
    for each in known.typed:
        field = re.search(rf'<input[^>]*name="{field_name("spo2.low", each.name)}"[^>]*>', page)
        assert field is not None
        assert 'value=""' in field[0]


def test_what_acts_by_itself_is_shown_as_acting(clinic: Cast):
    page = words(body(clinic.client("prescriber").get(reverse("console:first_start_group", args=["eligibility"]))))
    verified = next(each for each in released_rulebook().of_kind("eligibility") if each.acts_without_adoption)
    assert f"{verified.title} Acts by itself" in page
    assert clinic.client("prescriber").get(rule(verified.id)).status_code == 404  # nothing to decide there


# ---------------------------------------------------------------- nothing unread, nothing untyped


@pytest.mark.parametrize(
    "rule_id",
    sorted(each.id for each in released_rulebook().newest.values()
           if each.typed and walking.needs_a_decision(each)
           and each.kind in {kind for _code, kinds in walking.GROUPS for kind in kinds}),
)  # fmt: skip
def test_each_unread_number_is_typed(clinic: Cast, rule_id: str):
    """By the page and by the action: with one number left out, nothing is adopted."""
    client, known = clinic.client("prescriber"), released_rulebook().rule(rule_id)
    unread = [each for each in known.numbers if not isinstance(each, Parameter) or each.verification in UNREAD]
    assert {each.name for each in known.typed} == {each.name for each in unread}
    left_out = unread[-1]
    filled = form(rule_id)
    filled[field_name(rule_id, left_out.name)] = ""
    answer = client.post(rule(rule_id), filled)
    assert answer.status_code == 409
    assert f"Type the value yourself: {left_out.label}." in body(answer)
    assert decided(clinic) == {}
    assert client.post(rule(rule_id), form(rule_id)).status_code == 302
    assert set(decided(clinic)) == {rule_id}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("93", "Alert below: a clinic may only make it stricter than 94 %"),
        ("ninety", "Alert below: “ninety” is not a number. Write it in digits, like 70 or 70.5."),
        ("", "Type the value yourself: Alert below."),
    ],
)
def test_a_mistyped_value_says_so_at_its_field_and_loses_nothing(clinic: Cast, typed: str, says: str):
    answer = clinic.client("prescriber").post(rule("spo2.low"), form("spo2.low", medium=typed, high="91"))
    page = body(answer)
    assert answer.status_code == 409
    assert f'href="#{field_name("spo2.low", "medium")}"' in page
    assert page.count(says) == 2  # in the summary, and beside the field
    assert re.search(r'name="number:spo2.low:high"[^>]*value="91"', page)
    assert "Nothing was decided. What you typed is still here." in page
    assert decided(clinic) == {}


def test_a_stricter_number_is_judged_and_kept(clinic: Cast):
    assert clinic.client("prescriber").post(rule("spo2.low"), form("spo2.low", high="91")).status_code == 302
    assert decided(clinic)["spo2.low"].parameters == {"high": 91}


def test_another_version_than_the_one_read_is_not_adopted(clinic: Cast):
    for seen in ("0" * 64, ""):
        answer = clinic.client("prescriber").post(rule("spo2.low"), {**form("spo2.low"), "hash": seen})
        assert answer.status_code == 409
        assert "Read it before you adopt it." in body(answer)
    assert decided(clinic) == {}


def test_no_form_adopts_a_group(clinic: Cast):
    """All ids, all hashes and all numbers in one form: at most the one rule of the address is adopted."""
    everything: dict[str, Any] = {
        "whole": "1",
        "rule": list(released_rulebook().newest),
        "signature": clinic.actor("prescriber").name,
    }
    for each in released_rulebook().of_kind("alarm.threshold", "session.hard_floor"):
        everything |= {f"hash:{each.id}": each.hash, **form(each.id)}
    client = clinic.client("prescriber")
    for address in (OVERVIEW, reverse("console:first_start_group", args=["alarms"]), reverse("console:rules")):
        assert client.post(address, everything).status_code == 405
    assert (
        client.post(rule("spo2.low"), {**everything, "hash": released_rulebook().rule("spo2.low").hash}).status_code
        == 302
    )
    assert set(decided(clinic)) == {"spo2.low"}


# ---------------------------------------------------------------- not used here


def test_a_rule_may_be_left_out_with_a_reason(clinic: Cast):
    client, address = clinic.client("prescriber"), reverse("console:first_start_decline", args=["im"])
    answer = client.post(address, {"hash": released_rulebook().rule("im").hash, "reason": "  "})
    assert answer.status_code == 409
    assert "Say why the rule is not used here." in body(answer)
    assert (
        client.post(address, {"hash": released_rulebook().rule("im").hash, "reason": "No injections here"}).status_code
        == 302
    )
    row = decided(clinic)["im"]
    assert (row.retired, row.reason) == (True, "No injections here")
    with acting_as(clinic.actor("auditor")):
        assert AuditEvent.objects.get(action="rule.decline").detail["rule"] == "im"
    page = words(body(client.get(reverse("console:first_start_group", args=["protocols"]))))
    assert f"{released_rulebook().rule('im').title} Not used here" in page
    assert client.post(address, {"hash": released_rulebook().rule("im").hash, "reason": "again"}).status_code == 302
    assert decided(clinic)["im"].pk == row.pk
    assert client.post(rule("im"), form("im")).status_code == 302  # and taken up after all
    assert not decided(clinic)["im"].retired


def test_a_floor_cannot_be_left_out_nor_what_acts(clinic: Cast):
    client = clinic.client("prescriber")
    for rule_id, code in (("floor.hr", 409), ("news2", 404), ("CI-LACTATION", 404), ("luck", 404)):
        address = reverse("console:first_start_decline", args=[rule_id])
        assert client.post(address, {"hash": "", "reason": "Not here"}).status_code in (code, 409)
    assert decided(clinic) == {}
    client.post(rule("spo2.low"), form("spo2.low"))
    address = reverse("console:first_start_decline", args=["spo2.low"])
    answer = client.post(address, {"hash": released_rulebook().rule("spo2.low").hash, "reason": "Not here"})
    assert answer.status_code == 409
    assert not decided(clinic)["spo2.low"].retired


# ---------------------------------------------------------------- left and resumed


def test_what_was_decided_stays_and_another_prescriber_goes_on(clinic: Cast):
    first = clinic.client("prescriber")
    for rule_id in ("floor.spo2", "floor.sbp"):
        first.post(rule(rule_id), form(rule_id))
    other = second_prescriber(clinic)
    home = words(body(other.get("/clinic/")))
    assert "No dose can be given yet" in home
    assert "Limits that nobody passes: 2 of 5 decided" in home
    assert f'href="{rule("floor.hr")}"' in body(other.get(OVERVIEW))
    assert other.post(rule("floor.hr"), form("floor.hr")).url == rule("floor.rr")
    rows = decided(clinic)
    assert {rows[each].adopted_by_id for each in ("floor.spo2", "floor.sbp")} == {clinic.members["prescriber"].pk}
    assert rows["floor.hr"].adopted_by_id == clinic.members["second"].pk


def test_one_may_go_on_without_deciding(clinic: Cast):
    page = body(clinic.client("prescriber").get(rule("floor.spo2")))
    assert re.search(rf'href="{rule("floor.sbp")}">[^<]*Decide later', page)


def test_the_nurse_is_told_who_decides_and_may_read(clinic: Cast):
    nurse = clinic.client("nurse")
    home = words(body(nurse.get("/clinic/")))
    assert "No dose can be given yet" in home
    assert f"A prescriber decides: {clinic.members['prescriber'].name}." in home
    assert nurse.get(OVERVIEW).status_code == 200
    assert "Go on with the next rule" not in body(nurse.get(OVERVIEW))
    assert nurse.get(rule("floor.spo2")).status_code == 403
    assert nurse.post(rule("floor.spo2"), form("floor.spo2")).status_code == 403
    assert nurse.post(reverse("console:first_start_decline", args=["im"]), {"reason": "x"}).status_code == 403
    assert decided(clinic) == {}


def test_a_clinic_without_a_prescriber_says_so(clinic: Cast):
    with acting_as(clinic.actor("clinic_admin")):
        Membership.objects.filter(pk=clinic.members["prescriber"].pk).update(ended_at=timezone.now())
    assert "this clinic has none yet" in words(body(clinic.client("nurse").get("/clinic/")))


def test_when_everything_is_decided_the_homes_are_quiet(clinic: Cast):
    adopt_everything(clinic)
    assert walk(clinic).is_done
    for role in ("prescriber", "nurse"):
        page = words(body(clinic.client(role).get("/clinic/")))
        assert "No dose can be given yet" not in page
        assert "Not everything acts yet" not in page
    assert "Everything is decided" in body(clinic.client("prescriber").get(OVERVIEW))


def test_a_dose_is_no_longer_withheld_once_one_route_is_ready(clinic: Cast):
    """Alarms of a route that nobody uses hold no dose; the home then says that not everything acts."""
    adopt_everything(clinic, but=("im", "dose.ceiling.im.ketamine", "RC-QTC"))
    page = words(body(clinic.client("prescriber").get("/clinic/")))
    assert "No dose can be given yet" not in page
    assert "3 rules are not decided and do not act" in page


@pytest.mark.parametrize(
    ("but", "missing"),
    [
        (("floor.temp",), {"floors"}),
        (("spo2.low",), {"alarms"}),  # an alarm of every route
        (tuple(each.id for each in released_rulebook().of_kind("protocol")), {"protocols"}),
        (tuple(each.id for each in released_rulebook().of_kind("dose.ceiling")), {"doses"}),
        # a protocol by one route and a ceiling by another make no dose
        ((*(rule.id for rule in released_rulebook().of_kind("protocol") if rule.id != "im"),
          "dose.ceiling.im.ketamine"), {"doses"}),
    ],
)  # fmt: skip
def test_what_no_dose_is_given_without(clinic: Cast, but: tuple[str, ...], missing: set[str]):
    adopt_everything(clinic, but=but)
    assert {each.code for each in walk(clinic).withholds} == missing


@pytest.mark.parametrize("rule_id", ["RC-EGFR", "recovery.floor"])
def test_a_number_that_no_source_gives_may_be_left_open_for_good(clinic: Cast, rule_id: str):
    """A dose is given without it: who states no number says so, and the walk goes on."""
    client, address = clinic.client("prescriber"), reverse("console:first_start_decline", args=[rule_id])
    assert "Not used in this clinic" in body(client.get(rule(rule_id)))
    answer = client.post(
        address, {"hash": released_rulebook().rule(rule_id).hash, "reason": "No number was found in a source"}
    )
    assert answer.status_code == 302
    assert decided(clinic)[rule_id].retired
    group = "eligibility" if rule_id == "RC-EGFR" else "recovery"
    page = words(body(client.get(reverse("console:first_start_group", args=[group]))))
    assert f"{released_rulebook().rule(rule_id).title} Not used here" in page
