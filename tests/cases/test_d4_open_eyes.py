"""D4: an acceptance is given with open eyes: everything that it is given in spite of stands at the signature, each with
a reason; a specialist's answer is recorded where a finding wants one; a high or moderate suicide risk raises a flag.

"Acute suicide risk: high" was a plain caution, and a bare Accept went through with it; nobody was told.
"""

from __future__ import annotations

import html
import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.actions import content_hash
from sojourn.care.candidacy.models import CandidacyDecision, Clearance
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from tests.care.open_eyes import WHY, asked_at, reasoned
from tests.care.people import make_patient
from tests.care.stage import adopt_everything, check_dose, pass_checks
from tests.clock import now_here
from tests.conftest import Cast
from tests.interfaces.test_candidacy_pages import hidden, page_of
from tests.interfaces.test_record import at
from tests.interfaces.test_session_pages import arrived, url


@pytest.fixture
def ana(clinic: Cast) -> Patient:
    adopt_everything(clinic)
    return make_patient(clinic)


def enter(cast: Cast, patient: Patient, panel: str, **facts: str) -> Any:
    """The panel of the page, as a clinician fills it in."""
    typed = {"panel": panel, "observed_on": now_here().date().isoformat(), **facts}
    return cast.client("prescriber").post(page_of(patient, "facts/"), typed)


def told(cast: Cast, patient: Patient, **facts: Any) -> None:
    from sojourn.care.intake import entry_actions

    by = cast.actor("nurse")
    with acting_as(by):
        for name, value in facts.items():
            entry_actions.enter_fact(by=by, patient_id=patient.pk, name=name, value=value, on=now_here().date())


def plain(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())).split())


def form(client: Client, patient: Patient, **typed: str) -> dict[str, str]:
    page = client.get(page_of(patient))
    return {"way": hidden(page, "way"), "seen": hidden(page, "seen"), "kind": "accept", **typed}


def preview(client: Client, patient: Patient, **typed: str) -> tuple[Any, dict[str, str]]:
    """The page of the signature, and what its form would send back untouched."""
    given = form(client, patient, **typed)
    return client.post(page_of(patient, "decide/"), given | {"step": "preview"}), given


def sign(client: Client, patient: Patient, given: dict[str, str]) -> Any:
    return client.post(page_of(patient, "decide/"), given | {"step": "sign"})


def decisions(cast: Cast) -> int:
    with acting_as(cast.actor("prescriber")):
        return CandidacyDecision.objects.count()


def flags(cast: Cast, patient: Patient) -> list[Flag]:
    with acting_as(cast.actor("nurse")):
        return list(Flag.objects.filter(patient=patient).order_by("id"))


def key_of(cast: Cast, patient: Patient, rule_id: str) -> str:
    with acting_as(cast.actor("prescriber")):
        found = candidacy_queries.assessment(
            PatientScope(patient.pk), "ketamine", now_here().date(), route="iv"
        ).findings
        return next(candidacy_queries.fingerprint(each) for each in found if each.rule_id == rule_id)


# ---------------------------------------------------------------- reasons


@pytest.mark.alone
def test_a_bare_accept_is_refused_and_everything_stands_on_the_page(clinic: Cast, ana: Patient):
    """D4: with a relative finding and unknowns, each is listed; without reasons nothing is signed, and what was typed
    stays."""
    told(clinic, ana, hyperthyroidism=True)
    me = clinic.client("prescriber")
    page, given = preview(me, ana, would_change="A new reading")
    words = plain(page)
    assert "You accept in spite of this" in words
    assert "Overactive thyroid: yes" in words
    assert "Not known" in words
    for unknown in ("Systolic blood pressure", "Bipolar disorder", "Acute suicide risk"):
        assert unknown in words
    asked = asked_at(page)
    assert len(asked) >= 2
    refused = sign(me, ana, given)
    assert refused.status_code == 409
    assert "write why you accept all the same" in plain(refused)
    assert "Write why you accept although this is not known" in plain(refused)
    assert decisions(clinic) == 0
    for left_out in asked:
        some = {name: why for name, why in asked.items() if name != left_out}
        again = sign(me, ana, given | some)
        assert again.status_code == 409
        assert WHY in html.unescape(again.content.decode())
    assert decisions(clinic) == 0
    assert sign(me, ana, given | asked).status_code == 302
    with acting_as(clinic.actor("prescriber")):
        row = CandidacyDecision.objects.get()
        kept = {each["rule_id"]: each for each in row.open_eyes["weighed"]}
        assert kept["RC-THYROID"]["reason"] == WHY
        assert {"sbp", "bipolar", "suicide_risk"} <= set(row.open_eyes["unknown"]["facts"])
        assert row.open_eyes["unknown"]["reason"] == WHY
        assert row.would_change == "A new reading"
        assert content_hash(row) == row.content_hash
    signed = plain(me.get(page_of(ana)))
    assert "Accepted in spite of" in signed
    assert WHY in signed


@pytest.mark.alone
@pytest.mark.parametrize("nothing", ["  ", "\u200b", "...", "\u3164"])
def test_a_reason_that_says_nothing_is_none(clinic: Cast, ana: Patient, nothing: str):
    told(clinic, ana, hyperthyroidism=True)
    me = clinic.client("prescriber")
    page, given = preview(me, ana)
    assert sign(me, ana, given | dict.fromkeys(asked_at(page), nothing)).status_code == 409
    assert decisions(clinic) == 0


@pytest.mark.parametrize("kind", ["defer", "decline"])
def test_a_no_asks_for_no_reasons(clinic: Cast, ana: Patient, kind: str):
    told(clinic, ana, hyperthyroidism=True)
    me = clinic.client("prescriber")
    typed = {"kind": kind, "explanation": "A test first.", "alternatives": "Talk therapy.", "awaited_words": ""}
    if kind == "defer":
        typed["awaited_words"] = "The thyroid"
    page, given = preview(me, ana, **typed)
    assert "You accept in spite of this" not in plain(page)
    assert sign(me, ana, given).status_code == 302


def test_a_medicine_that_nobody_has_looked_at_is_an_unknown(clinic: Cast, ana: Patient):
    from sojourn.care.intake import actions as intake_actions

    by = clinic.actor("nurse")
    with acting_as(by):
        intake_actions.say_line(
            by=by, patient_id=ana.pk, of="medicines", name="Grandmother’s tea", current=True, stopped_on=None
        )
        intake_actions.say_line(
            by=by, patient_id=ana.pk, of="medicines", name="Diazepam", current=True, stopped_on=None
        )
    page, given = preview(clinic.client("prescriber"), ana)
    words = plain(page)
    assert "Grandmother’s tea (not checked)" in words
    asked = asked_at(page)
    assert "Diazepam" in words.partition("You accept in spite of this")[2]
    assert sign(clinic.client("prescriber"), ana, given | asked).status_code == 302


@pytest.mark.alone
def test_the_words_of_the_page_change_with_the_facts(clinic: Cast, ana: Patient):
    """D4: what comes between the page and the signature is named, and nothing typed is lost."""
    me = clinic.client("prescriber")
    page, given = preview(me, ana)
    asked = asked_at(page)
    told(clinic, ana, porphyria=True)
    again = sign(me, ana, given | asked)
    assert again.status_code == 409
    assert "Porphyria" in plain(again)
    assert decisions(clinic) == 0


# ---------------------------------------------------------------- a specialist's answer


@pytest.mark.alone
def test_a_specialist_s_answer_is_asked_for_recorded_and_shown(clinic: Cast, ana: Patient):
    """D4: who, when and which document; typed at the signature or recorded by a nurse before; in decision and page."""
    told(clinic, ana, seizures=True)
    me = clinic.client("prescriber")
    page, given = preview(me, ana)
    assert "A specialist’s answer is asked for" in plain(page)
    reasons = asked_at(page)
    refused = sign(me, ana, given | reasons)
    assert refused.status_code == 409
    assert "a specialist’s answer is needed first" in plain(refused)
    short = key_of(clinic, ana, "RC-SEIZURE")[:20]
    day = (now_here().date() - timedelta(days=20)).isoformat()
    typed = {f"clearance-{short}-who": "Dr. Vera Lund", f"clearance-{short}-field": "neurology"}
    half = sign(me, ana, given | reasons | typed)
    assert half.status_code == 409
    assert "Dr. Vera Lund" in half.content.decode()
    assert decisions(clinic) == 0
    whole = typed | {f"clearance-{short}-on": day, f"clearance-{short}-document": "letter-lund-2026.pdf"}
    assert sign(me, ana, given | reasons | whole).status_code == 302
    with acting_as(clinic.actor("prescriber")):
        row = CandidacyDecision.objects.get()
        (seizure,) = [each for each in row.open_eyes["weighed"] if each["rule_id"] == "RC-SEIZURE"]
        (kept,) = seizure["clearances"]
        assert (kept["who"], kept["field"], kept["on"]) == ("Dr. Vera Lund", "neurology", day)
        assert kept["document"] == "letter-lund-2026.pdf"
    shown = plain(me.get(page_of(ana)))
    assert "Dr. Vera Lund, neurology" in shown
    assert "letter-lund-2026.pdf" in shown


@pytest.mark.alone
def test_a_nurse_records_it_beforehand_and_strikes_what_was_wrong(clinic: Cast, ana: Patient):
    told(clinic, ana, seizures=True)
    nurse, key = clinic.client("nurse"), key_of(clinic, ana, "RC-SEIZURE")
    door = reverse("console:clearance", args=[ana.pk, key, "clearance"])
    assert door in html.unescape(nurse.get(page_of(ana)).content.decode())
    typed = {"way": "ketamine-iv", "who": "Dr. Lund", "field": "neurology", "document": "letter 12"}
    missing = nurse.post(door, typed | {"on": ""})
    assert missing.status_code == 422
    ahead = nurse.post(door, typed | {"on": (now_here().date() + timedelta(days=1)).isoformat()})
    assert "The day is in the future." in plain(ahead)
    assert "Its reference" in plain(nurse.post(door, typed | {"on": "2026-01-05", "document": ""}))
    done = nurse.post(door, typed | {"on": "2026-01-05"}, follow=True)
    assert "Dr. Lund, neurology, 5 January 2026" in plain(done) or "Dr. Lund, neurology" in plain(done)
    page, given = preview(clinic.client("prescriber"), ana)
    assert "letter 12" in plain(page)
    with acting_as(clinic.actor("nurse")):
        row = Clearance.objects.get()
    strike = reverse("console:clearance_strike", args=[row.pk])
    assert nurse.post(strike, {"reason": " "}).status_code == 409
    assert nurse.post(strike, {"reason": "Of another patient"}).status_code == 302
    refused = sign(clinic.client("prescriber"), ana, given | asked_at(page))
    assert refused.status_code == 409
    assert "a specialist’s answer is needed first" in plain(refused)
    with acting_as(clinic.actor("nurse")), pytest.raises(DatabaseError), transaction.atomic():
        Clearance.objects.filter(pk=row.pk).update(who="Dr. Nobody")


def test_another_value_is_another_finding_and_needs_its_own_answer(clinic: Cast, ana: Patient):
    """D4: an answer about a QTc of 510 says nothing about one of 530; the front desk and a therapist record none."""
    told(clinic, ana, ecg="abnormal")
    key = key_of(clinic, ana, "RC-QTC")
    typed = {"way": "ketamine-iv", "who": "Dr. Oh", "on": "2026-01-05", "document": "ECG report 7"}
    door = reverse("console:clearance", args=[ana.pk, key, "clearance"])
    assert clinic.client("front_desk").post(door, typed).status_code in (403, 404)
    assert clinic.client("nurse").post(door, typed).status_code == 302
    page, _given = preview(clinic.client("prescriber"), ana)
    assert "ECG report 7" in plain(page)
    told(clinic, ana, qtc_ms=480.0)
    page, _given = preview(clinic.client("prescriber"), ana)
    assert "ECG report 7" not in plain(page)


# ---------------------------------------------------------------- acute suicide risk


@pytest.mark.alone
def test_high_risk_is_never_a_plain_caution(clinic: Cast, ana: Patient):
    """D4: entering "high" raises the flag at once, for now and with the name; an acceptance needs a reason and who has
    seen the person since."""
    assert enter(clinic, ana, "judged", suicide_risk="high").status_code == 302
    (flag,) = flags(clinic, ana)
    assert (flag.kind, flag.severity, flag.source) == ("risk", "emergency", "clinician")
    assert flag.about.startswith("fact:")
    me = clinic.client("prescriber")
    page, given = preview(me, ana)
    assert "Somebody who can act must see the person" in plain(page)
    reasons = asked_at(page)
    refused = sign(me, ana, given | reasons)
    assert refused.status_code == 409
    assert "somebody who can act sees the person first" in plain(refused)
    short, today = key_of(clinic, ana, "RC-SUICIDE-HIGH")[:20], now_here().date()
    seen = {f"seen-{short}-who": "Dr. Ruiz", f"seen-{short}-field": "psychiatry"}
    before = sign(me, ana, given | reasons | seen | {f"seen-{short}-on": (today - timedelta(days=1)).isoformat()})
    assert before.status_code == 409
    assert "That was before the risk was judged" in plain(before)
    assert decisions(clinic) == 0
    assert sign(me, ana, given | reasons | seen | {f"seen-{short}-on": today.isoformat()}).status_code == 302


def test_the_flag_of_a_judged_risk_says_it_in_words(clinic: Cast, ana: Patient):
    assert enter(clinic, ana, "judged", suicide_risk="high").status_code == 302
    (flag,) = flags(clinic, ana)
    for address in ("/clinic/flags/", f"/clinic/flags/{flag.pk}/"):
        page = plain(clinic.client("nurse").get(address, headers={"accept-language": "es"}))
        assert "suicide_risk" not in page
        assert "Riesgo agudo de suicidio: " in page


def test_moderate_risk_raises_a_flag_for_today_and_low_none(clinic: Cast, ana: Patient):
    assert enter(clinic, ana, "judged", suicide_risk="low").status_code == 302
    assert flags(clinic, ana) == []
    assert enter(clinic, ana, "judged", suicide_risk="moderate").status_code == 302
    (flag,) = flags(clinic, ana)
    assert (flag.kind, flag.severity) == ("risk", "urgent")
    # the same entry again is the same row, and so the same flag
    assert enter(clinic, ana, "judged", suicide_risk="moderate").status_code == 302
    assert len(flags(clinic, ana)) == 1


def test_a_report_that_says_high_raises_it_too(clinic: Cast, ana: Patient):
    """D4: the sibling: imported by a laboratory's or another clinic's file."""
    csv = f"name,value,unit,date\nsuicide_risk,high,,{now_here().date().isoformat()}\n"
    answer = clinic.client("nurse").post(page_of(ana, "report/"), {"report": csv, "source_note": "Referral"})
    assert answer.status_code == 302, plain(answer)[:400]
    (flag,) = flags(clinic, ana)
    assert flag.severity == "emergency"


def test_no_door_enters_a_fact_past_the_flag():
    """D4: every room above and every interface enters facts through the actions that raise flags."""
    import ast
    from pathlib import Path

    from sojourn.care.safety import fact_actions

    root = Path(fact_actions.__file__).parents[2]
    bare = {"enter_fact", "enter_facts", "import_facts"}
    wrong = []
    for path in [*root.glob("interfaces/**/*.py"), *root.glob("care/*/*.py"), *root.glob("config/**/*.py")]:
        if path.parts[-2] in ("intake",) or path.name == "fact_actions.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        aliases = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "sojourn.care.intake"
            for alias in node.names
            if alias.name == "entry_actions"
        }
        wrong += [
            f"{path.name}: {node.attr}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in bare
            and isinstance(node.value, ast.Name)
            and node.value.id in aliases
        ]
    assert wrong == []


# ---------------------------------------------------------------- beside and afterwards


def test_the_action_refuses_by_itself_with_a_code_for_each(clinic: Cast, ana: Patient):
    told(clinic, ana, seizures=True, suicide_risk="high")
    by, today = clinic.actor("prescriber"), now_here().date()
    with acting_as(by):
        found = candidacy_queries.assessment(PatientScope(ana.pk), "ketamine", today, route="iv")
        with pytest.raises(ActionRefused) as refused:
            candidacy_actions.decide(by=by, patient_id=ana.pk, answer=reasoned(found), seen=found.seen(None))
        stems = {code.partition(":")[0] for code in refused.value.codes}
        assert stems == {"clearance-missing", "seen-missing"}
        with pytest.raises(ActionRefused) as refused:
            candidacy_actions.decide(
                by=by, patient_id=ana.pk, answer=candidacy_actions.DecisionInput("accept"), seen=found.seen(None)
            )
        stems = {code.partition(":")[0] for code in refused.value.codes}
        assert stems == {"clearance-missing", "seen-missing", "reason-missing"}


def test_a_decision_of_an_earlier_release_keeps_its_hash(clinic: Cast, ana: Patient):
    """D4: a decision that was signed before this release has none of this, and its hash is still that of its words."""
    from tests.care.way import accepted

    row = accepted(clinic, ana, at=now_here())
    row.open_eyes = {}
    before = content_hash(row)
    row.open_eyes = {"weighed": [], "unknown": {"facts": [], "too_old": [], "medicines": [], "reason": ""}}
    assert content_hash(row) != before


@pytest.mark.alone
def test_the_clearance_is_the_clinic_s_alone(clinic: Cast, other_clinic: Cast, ana: Patient):
    told(clinic, ana, seizures=True)
    door = reverse("console:clearance", args=[ana.pk, key_of(clinic, ana, "RC-SEIZURE"), "clearance"])
    typed = {"way": "ketamine-iv", "who": "Dr. Lund", "on": "2026-01-05", "document": "letter"}
    assert other_clinic.client("nurse").post(door, typed).status_code == 404
    assert clinic.client("nurse").post(door, typed).status_code == 302
    with acting_as(other_clinic.actor("nurse")):
        assert not Clearance.objects.exists()
    with acting_as(clinic.actor("nurse")):
        assert Clearance.objects.get().answered_on == date(2026, 1, 5)


def test_the_dose_and_its_record_say_what_it_was_accepted_in_spite_of(clinic: Cast):
    """D4: beside the dose at the chair, and in the signed record of what the dose rested on."""
    adopt_everything(clinic)
    stage = arrived(clinic)
    nurse = clinic.client("nurse")
    before = plain(nurse.get(url("session", stage)))
    assert "Accepted in spite of: Not known (" in before
    with acting_as(clinic.actor("nurse")):
        pass_checks(stage, now_here())
        check_dose(stage, now_here())
        stage.step("start_dose")
    record = plain(nurse.get(at(stage)))
    assert "Accepted in spite of: Not known (" in record
    assert WHY in record


def test_it_reads_in_spanish(clinic: Cast, ana: Patient):
    told(clinic, ana, hyperthyroidism=True)
    me = clinic.client("prescriber")
    given = form(me, ana) | {"step": "preview"}
    page = me.post(page_of(ana, "decide/"), given, headers={"accept-language": "es"})
    assert "Acepta a pesar de esto" in plain(page)


def test_the_rule_s_own_table_is_what_the_page_asks(clinic: Cast, ana: Patient):
    """D4: what is asked stands in rule data: with its table emptied the same page asks for nothing."""
    from sojourn.clinical.eligibility import signature
    from sojourn.foundation.rulebook.load import released_rulebook

    (rule,) = released_rulebook().of_kind(signature.KIND)
    table = signature.read(rule)
    assert table.by_action["urgent_review"] == ("reason", "seen")
    assert table.by_action["specialist_review"] == ("reason", "clearance")
    assert json.dumps(sorted(table.by_severity)) == '["absolute", "relative", "relative-high"]'
