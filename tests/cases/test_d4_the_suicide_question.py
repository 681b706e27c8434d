"""D4: the suicide question at the chair cannot be misread, its Yes raises a flag, and no Fail turns into a Pass without
a note by name.

"Asked about thoughts of suicide today: Fail" raised nothing, and Pass one click later needed no word.
"""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from sojourn.care.encounter.queries import protocol_of
from sojourn.care.safety.models import Flag
from sojourn.care.session.models import CheckResult
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.interfaces.console.sessions.answer_words import ANY, words_for
from tests.care.stage import Stage, adopt_everything
from tests.cases.chair import press, show
from tests.conftest import Cast
from tests.interfaces.test_record import at
from tests.interfaces.test_session_pages import arrived, body, observing


@pytest.fixture
def stage(clinic: Cast) -> Stage:
    adopt_everything(clinic)
    return arrived(clinic)


def answer(cast: Cast, stage: Stage, item: str, outcome: str, note: str = "", role: str = "nurse") -> Any:
    """A tap on an item, as its form sends it now."""
    client = cast.client(role)
    row = re.search(rf'<li id="item-{item}".*?</li>', show(client, stage), re.DOTALL)
    assert row is not None
    last = re.search(r'name="last" value="(\d+)"', row[0])
    assert last is not None
    return press(client, stage, "session_check", item=item, outcome=outcome, note=note, last=last[1])


def rows(cast: Cast, stage: Stage, item: str) -> list[CheckResult]:
    with acting_as(cast.actor("nurse")):
        return list(CheckResult.objects.filter(encounter_id=stage.id, item_id=item).order_by("id"))


def flags(cast: Cast, stage: Stage) -> list[Flag]:
    with acting_as(cast.actor("nurse")):
        return list(Flag.objects.filter(patient=stage.patient).order_by("id"))


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(page)).split())


def item_of(page: str, item: str) -> str:
    found = re.search(rf'<li id="item-{item}".*?</li>', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_yes_and_no_say_what_they_mean(clinic: Cast, stage: Stage):
    """D4: no button of any item says Pass or Fail; each says the thing itself."""
    page = show(clinic.client("nurse"), stage)
    asked = plain(item_of(page, "suicide_risk"))
    assert "No such thoughts today" in asked
    assert "Yes, has such thoughts" in asked
    buttons = re.findall(r'<button id="(?:pass|fail)-[a-z_]+".*?</button>', page, re.DOTALL)
    assert len(buttons) >= 20
    for each in buttons:
        assert not re.search(r"\b(Pass|Fail|Passed|Did not pass)\b", plain(each)), each


def test_every_item_of_every_protocol_has_its_own_words():
    items = {
        item["id"]
        for rule in released_rulebook().of_kind("protocol")
        for group in ("checklist", "discharge")
        for item in rule.fixed[group]
    }
    assert {each for each in items if words_for(each) is ANY} == set()
    for each in items:
        assert str(words_for(each).passes) != str(words_for(each).fails)


def test_a_yes_raises_one_flag_at_once_with_the_row_that_says_so(clinic: Cast, stage: Stage):
    answer(clinic, stage, "suicide_risk", "failed")
    (row,) = rows(clinic, stage, "suicide_risk")
    (flag,) = flags(clinic, stage)
    assert (flag.kind, flag.severity, flag.source) == ("suicidal_thoughts", "emergency", "chair")
    assert flag.about == f"check:{row.pk}"
    # a note to the same answer is the same danger
    answer(clinic, stage, "suicide_risk", "failed", "Says it aloud, has no plan")
    assert len(flags(clinic, stage)) == 1
    page = plain(item_of(show(clinic.client("nurse"), stage), "suicide_risk"))
    assert "Has such thoughts today" in page


def test_the_flag_says_it_in_words_and_never_in_codes(clinic: Cast, stage: Stage):
    answer(clinic, stage, "suicide_risk", "failed", "Says it aloud")
    listed = clinic.client("nurse").get("/clinic/flags/", headers={"accept-language": "es"})
    assert "suicide_risk" not in body(listed)
    assert "Hoy tiene esas ideas: Says it aloud" in plain(body(listed))


def test_a_no_raises_nothing(clinic: Cast, stage: Stage):
    answer(clinic, stage, "suicide_risk", "passed")
    answer(clinic, stage, "fasting", "failed")
    assert flags(clinic, stage) == []


def test_it_turns_by_name_and_note_alone_and_the_flag_stays(clinic: Cast, stage: Stage):
    """D4: Pass after a Fail without a word is refused; with one it stands in the record under the name of who turned
    it; the flag is still there to be answered, and the danger that comes back is another flag."""
    answer(clinic, stage, "suicide_risk", "failed")
    refused = answer(clinic, stage, "suicide_risk", "passed", "  ")
    assert "Write what is different now" in plain(body(refused))
    assert [each.outcome for each in rows(clinic, stage, "suicide_risk")] == ["failed"]
    answer(clinic, stage, "suicide_risk", "passed", "Meant last year; asked again with Dr. Ruiz", role="prescriber")
    turned = rows(clinic, stage, "suicide_risk")[-1]
    assert (turned.outcome, turned.by_id) == ("passed", clinic.members["prescriber"].pk)
    assert len(flags(clinic, stage)) == 1
    answer(clinic, stage, "suicide_risk", "failed")
    assert len(flags(clinic, stage)) == 2


@pytest.mark.parametrize("note", ["\u00a0", "\u200b", "\u3164", ".", "-", "\u2060\n"])
def test_a_note_that_says_nothing_is_none(clinic: Cast, stage: Stage, note: str):
    """D4: blanks, signs that nobody sees and a lone dot turn nothing."""
    answer(clinic, stage, "suicide_risk", "failed")
    answer(clinic, stage, "suicide_risk", "passed", note)
    assert [each.outcome for each in rows(clinic, stage, "suicide_risk")] == ["failed"]


ITEMS = (
    *("identity", "fasting", "escort", "no_driving", "pregnancy", "medicines", "intoxication", "suicide_risk"),
    *("emergency", "staff"),
)


@pytest.mark.parametrize("item", ITEMS)
def test_every_item_asks_why_it_turned(clinic: Cast, stage: Stage, item: str):
    assert item in {each.id for each in protocol(clinic, stage).checklist}
    answer(clinic, stage, item, "failed")
    answer(clinic, stage, item, "passed")
    assert rows(clinic, stage, item)[-1].outcome == "failed"
    answer(clinic, stage, item, "passed", "Put right: seen again at the chair")
    assert rows(clinic, stage, item)[-1].outcome == "passed"


def protocol(cast: Cast, stage: Stage) -> Any:
    with acting_as(cast.actor("nurse")):
        assert stage.encounter is not None
        return protocol_of(stage.encounter)


def test_a_crisis_before_leaving_raises_it_too(clinic: Cast):
    """D4: the sibling at the door: "No suicidal crisis" answered against."""
    adopt_everything(clinic)
    stage = observing(clinic)
    page = plain(item_of(show(clinic.client("nurse"), stage), "no_crisis"))
    assert "In no suicidal crisis" in page
    assert "In a suicidal crisis" in page
    answer(clinic, stage, "no_crisis", "failed")
    (flag,) = flags(clinic, stage)
    assert (flag.severity, flag.source) == ("emergency", "chair")
    answer(clinic, stage, "no_crisis", "passed")
    assert rows(clinic, stage, "no_crisis")[-1].outcome == "failed"


def test_somebody_who_comes_and_a_weight_turn_by_themselves(clinic: Cast):
    """D4: "Not here yet" becomes "Is here" when they come, without a note; a weight says how by its number."""
    adopt_everything(clinic)
    stage = observing(clinic)
    answer(clinic, stage, "companion_here", "failed")
    answer(clinic, stage, "companion_here", "passed")
    assert rows(clinic, stage, "companion_here")[-1].outcome == "passed"


def test_the_record_says_it_in_the_same_words(clinic: Cast, stage: Stage):
    """D4: on page and record, with who turned what and why."""
    answer(clinic, stage, "suicide_risk", "failed")
    answer(clinic, stage, "suicide_risk", "passed", "Asked again with Dr. Ruiz")
    record = plain(body(clinic.client("nurse").get(at(stage))))
    assert "No such thoughts today" in record
    assert "Has such thoughts today" in record
    assert "Asked again with Dr. Ruiz" in record
