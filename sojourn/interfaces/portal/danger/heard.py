"""What became of what a patient told us: who has read it, and what comes next. True at every hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.queries import WordBack
from sojourn.foundation.clock import page_local
from sojourn.foundation.scope import PatientScope

# While nobody has reached the patient, the way to help that does not wait stands beside it.
_NOT_REACHED = ("raised", "read", "taken")


@dataclass(frozen=True, slots=True)
class Heard:
    """Sentences for the patient; ``help_too``: Help now is offered beside them."""

    sentences: tuple[str, ...]
    help_too: bool


def heard(patient_id: int, now: datetime | None = None) -> Heard | None:
    """The word back about the newest thing that raised a flag; None where there is none."""
    now = now or timezone.now()
    word = safety_queries.word_back(PatientScope(patient_id), now)
    return in_words(word) if word is not None else None


def in_words(word: WordBack) -> Heard:
    """A word back as sentences."""
    return Heard((_what_became(word), *_what_comes(word)), word.state in _NOT_REACHED)


def _what_became(word: WordBack) -> str:
    who = word.who or _("Your care team")
    if word.asked and (word.state == "raised" or word.at is None):
        return _("The clinic has been told on %(when)s that you need help. Nobody has read it yet.") % {
            "when": _when(word.raised_at)
        }
    if word.state == "raised" or word.at is None:
        return _("What you told us on %(when)s has arrived. Nobody has read it yet.") % {"when": _when(word.raised_at)}
    sentence = {
        "read": _("%(who)s read it on %(when)s."),
        "taken": _("%(who)s has read it and has been looking after it since %(when)s."),
        "contacted": _("%(who)s has been in touch with you about it, on %(when)s."),
        "closed": _("%(who)s finished looking after it on %(when)s. You can write again whenever you like."),
    }[word.state]
    return sentence % {"who": who, "when": _when(word.at)}


def _what_comes(word: WordBack) -> list[str]:
    """What happens next, as far as it is known."""
    said = []
    if word.everybody:
        said.append(_("Nobody has taken it yet, so every clinician of the clinic has been told."))
    elif word.state == "taken" and word.next_at is not None:
        said.append(_("They will try to reach you by %(when)s.") % {"when": _when(word.next_at)})
    elif word.next_at is not None:
        said.append(
            _("Somebody is asked to take it up by %(when)s; if not, others are told.") % {"when": _when(word.next_at)}
        )
    if word.reads_at is not None:
        said.append(_("The clinic is closed now. It opens on %(when)s.") % {"when": _when(word.reads_at)})
    return said


def _when(at: datetime) -> str:
    return formats.date_format(page_local(at), _("l j F Y, H:i"))
