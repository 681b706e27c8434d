"""The page of rules: what acts here and why, adopting with stricter numbers, retiring; and the how-to."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from sojourn.care.alarms.models import AlarmState
from sojourn.clinical import worked
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.rulebook import load
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.interfaces.console.medicines import interaction_words
from sojourn.interfaces.console.rules.forms import field_name
from sojourn.interfaces.console.rules.words import ALWAYS
from tests.care.adopting import as_typed
from tests.care.stage import adopt_everything, to_dosing
from tests.conftest import Cast

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "add-an-alarm-rule.md"


def body(response) -> str:
    return html.unescape(response.content.decode())


def words(page: str) -> str:
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]).split())


def rule(rule_id: str) -> str:
    return reverse("console:rule", args=[rule_id])


def adopt(rule_id: str, **typed: str) -> tuple[str, dict[str, str]]:
    shown = {name: f"{value:g}" for name, value in as_typed(rule_id).items()}
    numbers = {field_name(rule_id, name): value for name, value in {**shown, **typed}.items()}
    return reverse("console:rule_adopt", args=[rule_id]), {
        "hash": load.released_rulebook().rule(rule_id).hash,
        **numbers,
    }


def adoptions(cast: Cast) -> dict[str, RuleAdoption]:
    with acting_as(cast.actor("prescriber")):
        return rulebook_queries.adoptions(cast.clinic.pk)


# ---------------------------------------------------------------- reading


def test_every_rule_stands_on_the_page_with_its_numbers_and_its_mark(clinic: Cast, django_assert_max_num_queries):
    client = clinic.client("nurse")
    client.get(reverse("console:rules"))
    with django_assert_max_num_queries(12):
        page = body(client.get(reverse("console:rules")))
    shown = words(page)
    for each in load.released_rulebook().newest.values():
        assert f'id="rule-{each.id.replace(".", "-")}"' in page
        assert each.statement in shown
    assert "Alert below 94 %" in shown  # facts/vitals_thresholds.json
    assert "Convention, no source: acts only when a prescriber adopts it." in shown
    assert "rules wait for a prescriber" in shown
    assert "Read and adopt" not in shown  # a nurse reads, a prescriber decides


def test_a_verified_rule_acts_by_itself_and_an_unverified_one_waits(clinic: Cast):
    client = clinic.client("nurse")
    assert "Acts here by itself: its numbers were read in their source." in body(client.get(rule("news2")))
    page = body(client.get(rule("spo2.low")))
    assert "Waits for a prescriber" in page
    assert "Does not act here: nobody has decided about it yet." in page


def test_one_rule_shows_sources_examples_and_how_far_it_may_be_tightened(clinic: Cast, django_assert_max_num_queries):
    client = clinic.client("nurse")
    client.get(rule("spo2.low"))
    with django_assert_max_num_queries(12):
        shown = words(body(client.get(rule("spo2.low"))))
    assert "Fact base, iv_racemic_defaults.spo2" in shown
    assert "93 % alerts, then 89 % stops, then 97 % recovers" in shown
    assert "may be raised to 98 %" in shown
    assert "Oxygen saturation" in shown
    assert load.released_rulebook().rule("spo2.low").hash in shown


def test_every_rule_has_a_page(clinic: Cast):
    client = clinic.client("prescriber")
    answers = {rule_id: client.get(rule(rule_id)).status_code for rule_id in load.released_rulebook().newest}
    assert answers == dict.fromkeys(load.released_rulebook().newest, 200)


def test_an_unknown_rule_is_not_found(clinic: Cast):
    client = clinic.client("prescriber")
    assert client.get(rule("luck")).status_code == 404
    assert client.post(reverse("console:rule_adopt", args=["luck"])).status_code == 404
    assert client.post(reverse("console:rule_retire", args=["luck"]), {"reason": "x"}).status_code == 404


def test_what_adds_up_or_marks_is_used_as_it_is(clinic: Cast):
    client = clinic.client("prescriber")
    page = body(client.get(rule("plausible.spo2")))
    assert "it only marks a reading as doubtful" in page
    assert "adopt it for this clinic" not in page
    assert client.post(*adopt("plausible.spo2")).status_code == 404
    kinds = {each.kind for each in load.released_rulebook().newest.values()}
    always = {
        *("plausibility", "alarm.fault", "score.recovery", "recovery.signing", "jurisdiction"),
        *("flag.raising", "candidacy.signature"),
    }
    assert always == kinds & set(ALWAYS)


# ---------------------------------------------------------------- adopting


def test_a_prescriber_adopts_with_a_stricter_number(clinic: Cast):
    client = clinic.client("prescriber")
    answer = client.post(*adopt("spo2.low", medium="95", high="90"))
    assert answer.url == rule("spo2.low")
    row = adoptions(clinic)["spo2.low"]
    assert row.parameters == {"medium": 95}
    shown = words(body(client.get(rule("spo2.low"))))
    assert "Acts here since" in shown
    assert clinic.members["prescriber"].name in shown
    assert "95 %" in shown
    with acting_as(clinic.actor("auditor")):
        assert AuditEvent.objects.get(action="rule.adopt").detail["parameters"] == {"medium": 95}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"medium": "93"}, "Alert below: a clinic may only make it stricter than 94 %; it may be raised to 98 %."),
        ({"medium": "99"}, "Alert below: a clinic may only make it stricter than 94 %; it may be raised to 98 %."),
        ({"medium": "high"}, "Alert below: “high” is not a number."),
        ({"medium": "nan"}, "Alert below: “nan” is not a number."),
        ({"medium": "1e400"}, "Alert below: “1e400” is not a number."),
    ],
)
def test_a_looser_number_is_refused_and_stays_in_the_field(clinic: Cast, typed, says):
    answer = clinic.client("prescriber").post(*adopt("spo2.low", **typed))
    page = body(answer)
    assert answer.status_code == 409
    assert says in page
    assert f'value="{typed["medium"]}"' in page
    assert adoptions(clinic) == {}


def test_a_number_may_be_written_with_a_comma(clinic: Cast):
    client = clinic.client("prescriber")
    client.cookies["django_language"] = "es"
    assert client.post(*adopt("spo2.low", medium="94,5")).status_code == 302
    assert adoptions(clinic)["spo2.low"].parameters == {"medium": 94.5}


def test_a_rule_that_changed_since_it_was_read_is_not_adopted(clinic: Cast):
    address, typed = adopt("spo2.low")
    for seen in ("0" * 64, ""):
        answer = clinic.client("prescriber").post(address, {**typed, "hash": seen})
        assert answer.status_code == 409
        assert "This rule has a newer version. Read it before you adopt it." in body(answer)
    assert adoptions(clinic) == {}


@pytest.mark.parametrize("role", ["nurse", "therapist", "clinic_admin", "auditor", "front_desk"])
def test_only_a_prescriber_decides(clinic: Cast, role):
    client = clinic.client(role)
    assert client.post(*adopt("spo2.low")).status_code == 403
    assert client.post(reverse("console:first_start_rule", args=["spo2.low"])).status_code == 403
    assert client.post(reverse("console:rule_retire", args=["spo2.low"]), {"reason": "x"}).status_code == 403
    assert client.get(reverse("console:rules")).status_code == (403 if role == "front_desk" else 200)


@pytest.mark.parametrize("asked", ["POST", "GET"])
def test_no_page_adopts_several_rules_at_once(clinic: Cast, asked: str):
    """The page that adopted a group by one button is gone, with its address."""
    everything = {f"hash:{each.id}": each.hash for each in load.released_rulebook().newest.values()}
    typed = {
        **everything,
        "whole": "1",
        "rule": list(load.released_rulebook().newest),
        "signature": clinic.actor("prescriber").name,
    }
    for address in ("/clinic/rules/adopt/", "/clinic/rules/adopt/?group=interactions", "/clinic/first-start/"):
        client = clinic.client("prescriber")
        answer = client.get(address) if asked == "GET" else client.post(address, typed)
        assert answer.status_code in ((200, 404) if asked == "GET" else (404, 405))
    assert adoptions(clinic) == {}


def test_what_nobody_read_in_a_source_is_typed(clinic: Cast):
    client = clinic.client("prescriber")
    number = re.search(r'<input[^>]*name="number:spo2.low:medium"[^>]*>', body(client.get(rule("spo2.low"))))
    assert number is not None
    assert 'value=""' in number[0]
    address, filled = adopt("spo2.low")
    for left_out in ("medium", "high"):
        answer = client.post(address, {name: each for name, each in filled.items() if not name.endswith(left_out)})
        assert answer.status_code == 409
        assert "Type the value yourself" in words(body(answer))
    assert adoptions(clinic) == {}
    assert client.post(address, filled).status_code == 302


# ---------------------------------------------------------------- ceilings


def test_a_lowered_ceiling_goes_up_again_by_two_prescribers(clinic: Cast):
    client, name = clinic.client("prescriber"), "dose.ceiling.in.esketamine"
    shown = words(body(client.get(rule(name))))
    assert "Without an adopted highest dose this drug is not given by this route." in shown
    assert "A highest dose acts only when a prescriber adopts it." in shown
    assert "into the nose (IN) · Esketamine" in shown
    assert client.post(*adopt(name, most="56")).status_code == 302
    page = body(client.post(*adopt(name, most="84"), follow=True))
    assert "The higher dose acts once a second prescriber has signed." in page
    assert "A higher dose waits for a second prescriber" in page
    assert "You signed this yourself." in page
    assert "I have read it and sign second" not in page
    assert adoptions(clinic)[name].parameters == {"most": 56}
    assert "A looser limit or a higher dose waits for a second signature" in body(client.get(reverse("console:rules")))
    with acting_as(clinic.actor("prescriber")) as by:
        address = reverse("console:rule_raise", args=[rulebook_queries.raises(by.own_clinic_id)[name].pk])
        person = Person.objects.create_user(f"two@{clinic.clinic.slug}.example", None)
        clinic.members["second"] = Membership.objects.create(
            clinic=clinic.clinic, person=person, role="prescriber", name="Second Prescriber"
        )
    refused = client.post(address)
    assert refused.status_code == 409
    assert "You signed this yourself." in body(refused)
    assert clinic.client("nurse").post(address).status_code == 403
    other = clinic.client("second")
    assert "I have read it and sign second" in body(other.get(rule(name)))
    assert other.post(address).url == rule(name)
    assert adoptions(clinic)[name].parameters == {}
    assert "raised by two prescribers; Second Prescriber signed second." in body(other.get(rule(name)))
    assert other.post(reverse("console:rule_raise", args=[10**9])).status_code == 404


def test_a_retired_ceiling_says_that_nothing_is_given(clinic: Cast):
    client, name = clinic.client("prescriber"), "dose.ceiling.sc.ketamine"
    client.post(*adopt(name))
    page = body(client.post(reverse("console:rule_retire", args=[name]), {"reason": "Not here"}, follow=True))
    assert "this drug is not given by this route here" in page


# ---------------------------------------------------------------- finding and comparing


def shown_rules(page: str) -> set[str]:
    return set(re.findall(r'id="rule-([^"]+)"', page))


def test_the_list_is_narrowed_by_words_and_by_state(clinic: Cast):
    client = clinic.client("prescriber")
    address = reverse("console:rules")
    assert shown_rules(body(client.get(address, {"q": "lorazepam"}))) == {"interaction-benzodiazepine"}
    assert "RC-AGE-MIN" in shown_rules(body(client.get(address, {"q": "younger 18"})))
    assert "No rule is like that" in body(client.get(address, {"q": "phlogiston"}))
    client.post(*adopt("spo2.low", medium="95"))
    assert shown_rules(body(client.get(address, {"show": "tightened"}))) == {"spo2-low"}
    waiting = shown_rules(body(client.get(address, {"show": "waits"})))
    assert "hr-high" in waiting
    assert not {"spo2-low", "news2", "CI-LACTATION", "plausible-spo2", "jurisdiction-US"} & waiting
    unverified = shown_rules(body(client.get(address, {"show": "unverified"})))
    assert "RC-HTN-BASE" in unverified
    assert "CI-LACTATION" not in unverified
    assert shown_rules(body(client.get(address, {"show": "nonsense"}))) == shown_rules(body(client.get(address)))


def test_a_rule_of_candidacy_says_when_what_and_in_whose_words(clinic: Cast):
    client = clinic.client("nurse")
    shown = words(body(client.get(rule("RC-HTN-BASE"))))
    assert "Systolic blood pressure above 140 mmHg or Diastolic blood pressure above 90 mmHg" in shown
    assert "Waits for a prescriber" in shown
    assert "hold_pending_clinician_decision" in shown  # facts/rules.json
    assert "From memory, not yet seen in a source" in shown
    shown = words(body(client.get(rule("interaction.rifampin"))))
    assert "oral AUC -86%" in shown
    assert "major for oral; minor IV" in shown
    shown = words(body(client.get(rule("jurisdiction.US"))))
    assert "US telemedicine flexibilities" in shown
    assert "Ends on" in shown


@pytest.fixture
def with_a_second_version(monkeypatch):
    """Version 3 of CI-MI-6W: eight weeks instead of six."""

    def newer(name: str, text: str) -> str:
        if name != "rules/eligibility.toml":
            return text
        start = text.index('[[rule]]\nid = "CI-MI-6W"\nversion = 2')
        old = text[start : text.index("[[rule]]\n", start + 5)]
        new = old.replace("version = 2", "version = 3").replace("value = 42", "value = 56")
        return text + "\n" + new.replace("= 42 }", "= 56 }").replace("= 43 }", "= 57 }")

    files = [(name, newer(name, text)) for name, text in load._files()]
    monkeypatch.setattr(load, "_files", lambda: files)
    load.released_rulebook.cache_clear()
    yield load.released_rulebook().rule("CI-MI-6W")
    monkeypatch.undo()
    load.released_rulebook.cache_clear()


def test_the_difference_between_two_versions_stands_before_the_adoption(clinic: Cast, with_a_second_version):
    client = clinic.client("prescriber")
    old = load.released_rulebook().rule("CI-MI-6W", 1)
    with acting_as(clinic.actor("prescriber")) as by:
        RuleAdoption.objects.create(
            clinic_id=by.clinic_id, rule_id=old.id, version=1, rule_hash=old.hash, parameters={},
            adopted_at=timezone.now(), adopted_by_id=by.membership_id,
        )  # fmt: skip
    page = body(client.get(rule("CI-MI-6W")))
    assert "What the newer version changes" in page
    assert re.search(r"parameters · days · value.*?<del>42</del>.*?<ins>56</ins>", page, re.S)
    assert "CI-MI-6W" in shown_rules(body(client.get(reverse("console:rules"), {"show": "outdated"})))
    assert client.post(*adopt("CI-MI-6W")).status_code == 302
    assert adoptions(clinic)["CI-MI-6W"].version == 3
    assert "What this version changed" in body(client.get(rule("CI-MI-6W")))


def test_how_long_evidence_counts_stands_with_who_may_be_treated(clinic: Cast):
    client = clinic.client("nurse")
    assert "evidence-pregnancy_test" in shown_rules(body(client.get(reverse("console:rules"))))
    shown = words(body(client.get(rule("evidence.pregnancy_test"))))
    assert "How long evidence counts Facts Pregnancy test" in shown
    assert "Convention, no source" in shown


# ---------------------------------------------------------------- retiring


def test_retiring_needs_a_reason_and_says_who_and_why(clinic: Cast):
    client = clinic.client("prescriber")
    client.post(*adopt("hr.low"))
    address = reverse("console:rule_retire", args=["hr.low"])
    answer = client.post(address, {"reason": " "})
    assert answer.status_code == 409
    assert "Say why the rule is no longer used." in body(answer)
    assert client.post(address, {"reason": "Athletes come here"}).status_code == 302
    shown = words(body(client.get(rule("hr.low"))))
    assert "Does not act here: retired on" in shown
    assert "Athletes come here" in shown
    assert client.post(address, {"reason": "again"}).status_code == 409


def test_the_other_clinic_decides_for_itself(clinic: Cast, other_clinic: Cast):
    clinic.client("prescriber").post(*adopt("spo2.low"))
    assert "nobody has decided about it yet" in body(other_clinic.client("prescriber").get(rule("spo2.low")))


# ---------------------------------------------------------------- the how-to


@pytest.fixture
def with_the_new_rule(monkeypatch):
    """The rulebook with the rule of the page appended to alarms.toml, as the page says."""
    found = re.findall(r"```toml\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.S)
    assert len(found) == 1
    files = [(name, f"{text}\n{found[0]}" if name == "rules/alarms.toml" else text) for name, text in load._files()]
    monkeypatch.setattr(load, "_files", lambda: files)
    load.released_rulebook.cache_clear()
    yield load.released_rulebook().rule("nausea.strong")
    monkeypatch.undo()
    load.released_rulebook.cache_clear()


def test_the_how_to_counts_its_files_rightly(with_the_new_rule):
    page = HOW_TO.read_text(encoding="utf-8")
    named = re.findall(r"^\| \d \| `([^`]+)` \|", page, re.M)
    assert len(named) == 3
    assert all((HOW_TO.parents[2] / name).is_file() for name in named)
    assert "One file by hand, two written by commands" in page
    # Nothing but the release is missing once the rule stands in its file.
    assert load.check() == ("nausea.strong version 1: not in RELEASED.toml yet",)


def test_the_rule_of_the_how_to_is_read_adopted_and_heard(clinic: Cast, with_the_new_rule):
    assert worked.run(with_the_new_rule) == ()
    client = clinic.client("prescriber")
    assert "Nausea is strong" in body(client.get(reverse("console:first_start_group", args=["alarms"])))
    adopt_everything_but_new(clinic)
    nurse = clinic.client("nurse")
    with acting_as(clinic.actor("nurse")):
        stage = to_dosing(clinic)
        stage.vitals(timezone.now(), nausea=8)
        assert not AlarmState.objects.filter(rule_id="nausea.strong").exclude(phase="quiet").exists()
    assert client.post(*adopt("nausea.strong", medium="5")).status_code == 302
    typed = {"nausea": "5", "seen": "3"}
    assert nurse.post(reverse("console:session_values", args=[stage.id]), typed).status_code == 302
    with acting_as(clinic.actor("nurse")):
        state = AlarmState.objects.get(rule_id="nausea.strong")
        assert (state.phase, state.priority, state.limit) == ("raised", "medium", 5)
    assert "Nausea is strong" in body(nurse.get(reverse("console:session", args=[stage.id])))


def adopt_everything_but_new(cast: Cast) -> None:
    adopt_everything(cast)
    by = cast.actor("prescriber")
    with acting_as(by):
        from sojourn.foundation.rulebook import actions as rulebook_actions

        rulebook_actions.retire(by=by, rule_id="nausea.strong", reason="The test adopts it through the page")


def test_a_rule_of_interaction_shows_its_classes_their_members_and_whom_it_leaves_out(clinic: Cast):
    page = body(clinic.client("prescriber").get(reverse("console:rule", args=["interaction.psychostimulant"])))
    assert "psychostimulants" in page
    assert "Lisdexamfetamine" in page
    assert "Not for" in page
    used = {group for each in load.released_rulebook().of_kind("interaction") for group in each.fixed.get("groups", ())}
    assert used <= set(interaction_words.GROUPS)  # every class has its word
