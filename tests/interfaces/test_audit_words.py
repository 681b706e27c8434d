"""No sentence of the audit prints a code: what its rows carry is read as people say it."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from sojourn.care.candidacy.models import Kind
from sojourn.care.intake.intake_form import LISTS
from sojourn.care.safety.models import FlagAnswerKind, NoticeChannel, Reach, TryOutcome
from sojourn.care.session.event_kinds import KINDS
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.audit.wording import read_by_room, sentences
from sojourn.foundation.rulebook.scales import ids
from sojourn.interfaces.console.audit.details import reader_of, sentence

# Names, numbers and addresses, which are what they are; a role is read by the sentence itself.
NO_CODE = {
    *("who", "patient", "name", "role", "address", "key", "port", "n", "count", "rows", "people", "number", "version"),
    *("mg", "dose_mg", "on", "place"),
    "code",  # of the clinic's own questionnaire, which the clinic has chosen; of an alarm it has a reader
    "about",  # what the library's pages call an entry of the evidence
}


def test_every_detail_that_a_sentence_prints_has_a_reader_or_is_no_code():
    bare = {
        f"{action}: {name}"
        for action, said in sentences().items()
        for name in re.findall(r"%\((\w+)\)s", str(said))
        if name not in NO_CODE and reader_of(action, name) is None and name not in read_by_room(action)
    }
    assert not bare, f"{sorted(bare)}: say in interfaces/console/audit/details.py how it is read"


CODES = [
    *(("session.event", "kind", code) for code in KINDS),
    *(("flag.answered", "kind", code) for code in FlagAnswerKind.values),
    *(("candidacy.decided", "kind", code) for code in Kind.values if "_" in code),
    *(("flag.passed_on", "reach", code) for code in Reach.values),
    *(("flag.notice_tried", "channel", code) for code in NoticeChannel.values),
    *(("flag.notice_tried", "outcome", code) for code in TryOutcome.values if code != "sent"),
    *(("alarm.acknowledged", "code", code) for code in VITALS),
    *(("measure.requested", "scale_id", code) for code in ids()),
    *(("intake.line_said", "list", code) for code in LISTS),
    ("fact.entered", "fact", "height_cm"), ("rule.adopt", "rule", "spo2.low"),
    ("consent.signed", "document", "off_label"),
    ("article.hidden", "slug", "is-it-safe"),
    ("session.check", "item", "suicide_risk"), ("session.check", "item", "padss"), ("consent.requested", "route", "iv"),
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("action", "name", "code"), CODES, ids=str)
def test_a_code_has_words_in_both_languages(action: str, name: str, code: str, language: str):
    with translation.override(language):
        told = sentence(action, who="Dana Cruz", patient="Ana", detail={name: code})
        assert f"({code})" not in told
        assert "_" not in told
