"""The codes in an audit row's detail, as people say them. A sentence that prints one has its reader here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import models
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from sojourn.care.candidacy.models import Kind
from sojourn.care.consent import texts
from sojourn.care.intake.intake_form import intake_form
from sojourn.care.safety.models import FlagAnswerKind, NoticeChannel, Reach, TryOutcome
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.clinical.scales import say
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.audit import wording
from sojourn.foundation.library.article import library
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.scales import ids, scale
from sojourn.interfaces.console.sessions.words import drug_word, route_word

Reader = Callable[[str], str]

_LISTS: Final = {
    "medicines": _("Medicines"), "allergies": _("Allergies"), "treatments": _("Earlier treatments"),
    "goals": _("Goals"), "concerns": _("Worries and questions"), "people": _("Contacts"),
}  # fmt: skip


def _choice(choices: type[models.TextChoices]) -> Reader:
    return lambda code: str(choices(code).label) if code in choices.values else code


def _fact(name: str) -> str:
    return gettext(VOCABULARY[name].label) if name in VOCABULARY else name


def _question(question_id: str) -> str:
    found = intake_form().by_id.get(question_id)
    return gettext(found.text) if found else question_id


def _rule(rule_id: str) -> str:
    try:
        return gettext(released_rulebook().rule(rule_id).title)
    except KeyError:
        return rule_id


def _scale(scale_id: str) -> str:
    """The instrument's own title; a clinic's own questionnaire is said so."""
    return say(scale(scale_id).title, get_language() or "en") if scale_id in ids() else gettext("Own questionnaires")


def _document(document_id: str) -> str:
    found = texts.newest().get(document_id)
    if found is None:
        return document_id
    return found.title.get((get_language() or "en")[:2], found.title["en"])


# What stands for an item of a checklist and is none.
_SCORES: Final = {"padss": _("PADSS"), "aldrete": _("Aldrete score"), "companion_here": _("The escort is here")}


def _item(item_id: str) -> str:
    """An item of a checklist, or a score that stands for one."""
    items = {
        item.id: item.label for each in released_rulebook().protocols() for item in (*each.checklist, *each.discharge)
    }
    return gettext(items[item_id]) if item_id in items else str(_SCORES.get(item_id, item_id))


def _vital(code: str) -> str:
    return gettext(VITALS[code].label) if code in VITALS else code


def _article(slug: str) -> str:
    """An article of ours by its title; one of the clinic's own by the name that the clinic gave it."""
    found = library().get(slug, {}).get((get_language() or "en")[:2])
    return found.title if found is not None else slug


# By action and name, or by the name alone where it means the same everywhere.
READERS: Final[Mapping[tuple[str, str], Reader]] = {
    ("flag.answered", "kind"): _choice(FlagAnswerKind),
    ("flag.notice_tried", "channel"): _choice(NoticeChannel),
    ("flag.notice_tried", "outcome"): _choice(TryOutcome),
    ("candidacy.decided", "kind"): _choice(Kind),
    ("alarm.acknowledged", "code"): _vital,
    ("session.check", "item"): _item,
    ("", "reach"): _choice(Reach),
    ("", "drug"): drug_word,
    ("", "route"): lambda code: route_word("in" if code == "in_esketamine" else code),
    ("", "fact"): _fact,
    ("", "question"): _question,
    ("", "list"): lambda code: str(_LISTS.get(code, code)),
    ("", "scale_id"): _scale,
    ("", "rule"): _rule,
    ("", "document"): _document,
    ("", "text"): _document,
    ("", "slug"): _article,
}


def reader_of(action: str, name: str) -> Reader | None:
    return READERS.get((action, name)) or READERS.get(("", name))


def sentence(action: str, *, who: str, patient: str, detail: Mapping[str, Any]) -> str:
    """The row in words, its codes as people say them."""
    return wording.sentence(
        action, who=who, patient=patient, detail={name: word(action, name, detail[name]) for name in detail}
    )


def word(action: str, name: str, value: object) -> object:
    """A detail of an action's row in words; what is no code stays as it is."""
    reader = reader_of(action, name)
    return reader(value) if reader is not None and isinstance(value, str) else value
