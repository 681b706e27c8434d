"""What can be wrong in the library, in words: what it is, where it stands, and what to do about it.

The words are English here; ``Finding.told`` says them in the reader's language, for a clinic that checks an article of
its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from django.utils.translation import gettext as _


def N_(message: str) -> str:
    """A message for the translators, as it stands."""
    return message


@dataclass(frozen=True, slots=True)
class Fault:
    """``grave``: a clinic's own article that has it is not shown; the others an editor may answer for."""

    what: str
    do: str
    grave: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """``file`` and ``line``: where it stands; ``named``: what the words of the fault name; ``sentence``: the one that
    has it; ``due``: the day that has passed, where a day alone made it true."""

    file: str
    line: int
    code: str
    named: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""
    due: date | None = None

    @property
    def grave(self) -> bool:
        return FAULTS[self.code].grave

    @property
    def what(self) -> str:
        return FAULTS[self.code].what % self.named

    def __str__(self) -> str:
        return self._written(self.what, FAULTS[self.code].do)

    @property
    def told(self) -> str:
        """In the reader's language."""
        return self._written(_(FAULTS[self.code].what) % self.named, _(FAULTS[self.code].do))

    def _written(self, what: str, do: str) -> str:
        quoted = f"“{self.sentence[:70]}” " if self.sentence else ""
        return f"{self.file}:{self.line}: {quoted}{what}. {do}"


FAULTS: Final[Mapping[str, Fault]] = {
    # ---- how the file is written
    "file-name": Fault(N_("an article is called <slug>.en.md or <slug>.es.md"), N_("Give the file such a name.")),
    "no-front": Fault(
        N_("it does not begin with its front matter between two lines of +++"),
        N_("Copy the front matter of another article and fill it in."),
    ),
    "front-no-toml": Fault(N_("its front matter is no TOML: %(error)s"), N_("Put texts in quotation marks.")),
    "front-field": Fault(
        N_("its front matter holds %(fields)s, each once; look at %(name)s"),
        N_("Write what is missing, take out the rest."),
    ),
    "front-kind": Fault(N_("%(name)s must be a %(kind)s, and not empty"), N_("Write it as the other articles do.")),
    "stage": Fault(
        N_("there is no stage “%(stage)s”"),
        N_("Choose one of understand, candidacy, prepare, session, after, well, beside."),
    ),
    "heading": Fault(N_("headings are of the second order (##)"), N_("Begin the heading with ## and a space.")),
    "block": Fault(N_("%(kind)s has no place in an article"), N_("Write it as a paragraph, a list or a table.")),
    "named-as": Fault(N_("evidence is not named so"), N_("Name it behind the full stop, as in [EV001, AC002].")),
    # ---- what the whole article says
    "says-nothing": Fault(N_("it says nothing"), N_("Write at least one sentence.")),
    "no-source": Fault(N_("it names no evidence at all"), N_("Name behind each claim what it rests on."), grave=False),
    "too-hard": Fault(
        N_("it is too hard to read: %(points)s, the limit is %(limit)s"),
        N_("Write shorter sentences and shorter words."),
        grave=False,
    ),
    "topic-unknown": Fault(N_("%(topic)s is no topic of the library"), N_("Choose from J01 to J08.")),
    "topic-empty": Fault(N_("nothing is about %(topic)s"), N_("Write an article about it, or give one this topic.")),
    "review-to-come": Fault(
        N_("it was reviewed on a day to come, %(day)s"), N_("Write the day on which somebody reviewed it.")
    ),
    "review-due": Fault(
        N_("its review was due on %(day)s"), N_("Read it against its sources, then write both days anew.")
    ),
    "review-too-far": Fault(N_("its review is more than a year away"), N_("Choose an earlier day for review_by.")),
    "head-number": Fault(
        N_("a number in its title, its summary or a heading, where no evidence can stand"),
        N_("Say it in a sentence that names its evidence."),
        grave=False,
    ),
    # ---- what a sentence says
    "dead-id": Fault(N_("%(id)s is no evidence that we hold"), N_("Name an entry or a rule that is there, or add it.")),
    "recalled": Fault(
        N_("%(id)s was recalled and not read: it cannot carry a claim"),
        N_("Read its source first, or name another entry."),
    ),
    "ours-and-evidence": Fault(
        N_("it is our advice, or it rests on evidence: not both"), N_("Take out [ours], or make two sentences of it.")
    ),
    "number-alone": Fault(
        N_("a number without its evidence"), N_("Name its evidence, or write [ours] where it is our own advice.")
    ),
    "number-astray": Fault(
        N_("%(number)s stands in no entry that it names"),
        N_("Name the entry that has it. How a number was worked out stands in evidence/worked.csv."),
        grave=False,
    ),
    "claim-alone": Fault(
        N_("it tells what was found and names no evidence"),
        N_("Name what found it behind the full stop."),
        grave=False,
    ),
    "vague": Fault(N_("“%(word)s” without a number"), N_("Say how many of how many."), grave=False),
    "promise": Fault(N_("“%(word)s” promises"), N_("Say what was seen, in how many, and what was not.")),
    # ---- between the languages
    "no-language": Fault(N_("it is not there in %(language)s"), N_("Write it in that language.")),
    "differs": Fault(N_("%(name)s differs between the languages"), N_("Write the same in both.")),
    "sections-differ": Fault(
        N_("another number of sections: %(english)s in English, %(spanish)s in Spanish"),
        N_("Give both languages the same headings."),
    ),
    "claims-differ": Fault(
        N_("claims differ between the languages: %(gone)s"), N_("Make the same claims in both, in the same order.")
    ),
    "pictures-differ": Fault(
        N_("pictures differ between the languages: %(gone)s"), N_("Show the same pictures in both.")
    ),
    "numbers-differ": Fault(N_("numbers differ between the languages: %(gone)s"), N_("Look up which is right.")),
    # ---- pictures
    "no-picture": Fault(N_("there is no picture %(name)s"), N_("Choose one that is there, or draw it.")),
    "picture-silent": Fault(
        N_("the picture %(name)s has no words for who cannot see it"), N_("Write its words in both languages.")
    ),
    "picture-invalid": Fault(
        N_("it cannot be drawn: %(error)s"), N_("Choose rows that were read and that fit together.")
    ),
    "picture-astray": Fault(
        N_("%(number)s stands in no row that it draws"), N_("Correct the number, or add the row that has it.")
    ),
    "picture-differs": Fault(
        N_("its words have other numbers in Spanish than in English: %(gone)s"), N_("Look up which is right.")
    ),
    # ---- the evidence itself
    "entry-silent": Fault(N_("%(id)s says its result in one language alone"), N_("Write it in the other.")),
    "entry-differs": Fault(
        N_("%(id)s has other numbers in Spanish than in English: %(gone)s"), N_("Look up which is right.")
    ),
    # ---- the law
    "law-lapsed": Fault(
        N_("%(what)s ended on %(day)s"), N_("Read the law of the place again and write a new version.")
    ),
    "law-review": Fault(N_("its law was to be read again by %(day)s"), N_("Read it again and write a new version.")),
}
