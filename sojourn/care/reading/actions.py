"""Ask and say something about what one reads, and answer it.

What comes without a name is kept by the program itself (``listener``): no row and no line of the audit leads to whoever
wrote it. It is limited by how much the clinic gets in a day, and by nothing about the person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.messaging import actions as messaging_actions
from sojourn.care.messaging.models import Communication
from sojourn.care.reading.models import AnswerKind, Clarity, ReaderAnswer, ReaderQuestion
from sojourn.care.safety.words_actions import heed
from sojourn.clinical.danger import read
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import NoLock, action, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.library.article import Article, Block, Paragraph, Points, Table
from sojourn.foundation.scope import clinic_rows, one_row

LONGEST: Final = 1500
LONGEST_OF_DANGER: Final = 8000  # words of danger are not turned away for their length
LONGEST_WORD: Final = 300
OPENING: Final = 60  # of a paragraph, as much as it takes to know it again
# A day's most for a clinic. Words of danger are kept beyond the first of them: the clinic must see that they came.
QUESTIONS_A_DAY: Final = 60
DANGERS_A_DAY: Final = 300
CLARITIES_A_DAY: Final = 500


def listener(clinic_id: int) -> Actor:
    """The program, as it keeps what comes without a name."""
    return replace(system_actor(clinic_id), permissions=frozenset({"reading.tell"}))


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of an article, by its number, as it was read."""

    article: Article
    part: int

    @property
    def heading(self) -> str:
        """What the part is called; "" for the opening, and where the article has no such part any more."""
        return next((each.heading for each in self.article.sections if each.number == self.part), "")

    @property
    def openings(self) -> tuple[str, ...]:
        """The first words of each paragraph of the part, by which a reader points at one."""
        section = next((each for each in self.article.sections if each.number == self.part), None)
        return tuple(_opening(each) for block in section.blocks for each in _lines(block)) if section else ()

    @property
    def named(self) -> str:
        """How the part is named to whoever has not read it."""
        if not self.heading:
            return _("About “%(title)s”:") % {"title": self.article.title}
        return _("About “%(title)s”, “%(part)s”:") % {"title": self.article.title, "part": self.heading}


def _lines(block: Block) -> tuple[Paragraph, ...]:
    """What a reader takes for a paragraph: the points of a list each, a table by its first heading, no picture."""
    if isinstance(block, Paragraph):
        return (block,)
    return block.items if isinstance(block, Points) else block.head[:1] if isinstance(block, Table) else ()


def _opening(paragraph: Paragraph) -> str:
    said = " ".join(each.text for each in paragraph.sentences)
    return said if len(said) <= OPENING else f"{said[: OPENING - 1].rsplit(' ', 1)[0]}…"


def _words(text: str, most: int) -> str:
    words = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not words:
        raise ActionRefused(_("Write your question first."), codes=("nothing",))
    if len(words) > most:
        raise ActionRefused(
            _("A question can have %(most)d characters. Yours has %(n)d.") % {"most": most, "n": len(words)},
            codes=("too-long",),
        )
    return words


@action(
    "own.answer",
    locks=NoLock("the patient is locked where the message is written"),
    through=(messaging_actions.write, heed),
)
def ask_team(
    *, by: Actor, patient_id: int, passage: Passage, text: str, key: UUID, now: datetime | None = None
) -> Communication:
    """Ask one's own care team: a message in the thread that names what was read. Only the patient's own words are read
    for danger, since an article's title may speak of it. Refused: nothing, too-long."""
    words = _words(text, LONGEST)
    message = messaging_actions.write(
        by=by, patient_id=patient_id, body=f"{passage.named}\n\n{words}", key=key, now=now
    )
    heed(by=by, patient_id=patient_id, text=words, about=f"message:{message.pk}", now=now)
    return message


@action("reading.tell", locks=turn("reader_question"), audit="reading.asked")
def ask_nameless(*, by: Actor, passage: Passage, text: str, key: UUID, today: date) -> ReaderQuestion:
    """Ask the clinic without a name. ``danger`` of the row says whether help must be shown now. The same key again is
    the same question. Refused: nothing, too-long; full, where the clinic has had its day's questions."""
    before = clinic_rows(ReaderQuestion).filter(typed_key=key).first()
    if before is not None:
        return unchanged(before)
    found = read(text)
    words = _words(text, LONGEST if found is None else LONGEST_OF_DANGER)
    most = QUESTIONS_A_DAY if found is None else DANGERS_A_DAY
    if clinic_rows(ReaderQuestion).filter(asked_on=today).count() >= most:
        raise ActionRefused(
            _("Many people have asked today, and the clinic takes no more questions until tomorrow."), codes=("full",)
        )
    asked = ReaderQuestion.objects.create(
        clinic_id=by.own_clinic_id, slug=passage.article.slug, part=passage.part, language=passage.article.language,
        text=words, asked_on=today, danger=found.kind if found is not None else "", typed_key=key,
    )  # fmt: skip
    record(by, "reading.asked")  # without the row: the moment of this line is not that question's
    return asked


@action(
    "reading.tell",
    locks=NoLock("each is a row of its own; two at the day's end may be one more than the day has"),
    audit="reading.said",
)
def say_clarity(
    *, by: Actor, passage: Passage, clear: bool, word: str, today: date, paragraph: str = ""
) -> Clarity | None:
    """Say whether a part was clear, or one ``paragraph`` of it (by its opening; any other counts for the part), without
    a name. What is too long is cut. Beyond a day's most it is not kept (None), and whoever says it is thanked all the
    same."""
    words = " ".join(word.split())
    found = read(words)
    if clinic_rows(Clarity).filter(said_on=today).count() >= CLARITIES_A_DAY:
        return unchanged(None)
    said = Clarity.objects.create(
        clinic_id=by.own_clinic_id, slug=passage.article.slug, part=passage.part, language=passage.article.language,
        clear=clear, paragraph=paragraph if paragraph in passage.openings else "", word=words[:LONGEST_WORD],
        danger=found.kind if found is not None else "", said_on=today,
    )  # fmt: skip
    record(by, "reading.said")
    return said


# ---------------------------------------------------------------- what the clinic makes of a question

DECIDING: Final = turn("reader_answer")  # what is never changed cannot be locked as a row


def _decide(
    by: Actor, reader_question_id: int, seen: int, kind: AnswerKind, now: datetime | None, **said: str
) -> ReaderAnswer:
    """A row more of a question. Overtaken where a colleague has decided since ``seen``. DoesNotExist."""
    question = one_row(ReaderQuestion, reader_question_id).get()
    if clinic_rows(ReaderAnswer).filter(question=question, pk__gt=seen).exists():
        raise Overtaken(
            _("A colleague has decided meanwhile. Look first; what you typed is still here."), codes=("overtaken",)
        )
    return ReaderAnswer.objects.create(
        clinic_id=by.own_clinic_id, question=question, kind=kind, at=now or timezone.now(), by_id=by.member,
        role=by.role, **said,
    )  # fmt: skip


@action("reading.answer", locks=DECIDING, audit="reading.answered")
def publish_answer(
    *, by: Actor, reader_question_id: int, seen: int, question_text: str, text: str, now: datetime | None = None
) -> ReaderAnswer:
    """Publish a question as it was edited, with its answer, under the article. A second time replaces the first.
    Refused: no-question, no-answer; Overtaken ("overtaken")."""
    asked, answer = question_text.strip(), text.strip()
    if not asked:
        raise ActionRefused(_("Write the question as everybody will read it."), codes=("no-question",))
    if not answer:
        raise ActionRefused(_("Write the answer first."), codes=("no-answer",))
    published = _decide(by, reader_question_id, seen, AnswerKind.PUBLISHED, now, question_text=asked, text=answer)
    record(by, "reading.answered", published)
    return published


@action("reading.answer", locks=DECIDING, audit="reading.set_aside")
def set_aside(
    *, by: Actor, reader_question_id: int, seen: int, reason: str, now: datetime | None = None
) -> ReaderAnswer:
    """Set a question aside, with a reason that the clinic keeps for itself. Refused: no-reason; Overtaken."""
    why = " ".join(reason.split())
    if not why:
        raise ActionRefused(_("Say in a few words why."), codes=("no-reason",))
    decided = _decide(by, reader_question_id, seen, AnswerKind.SET_ASIDE, now, reason=why[:300])
    record(by, "reading.set_aside", decided)
    return decided


@action("reading.answer", locks=DECIDING, audit="reading.taken_back")
def take_back(*, by: Actor, reader_question_id: int, seen: int, now: datetime | None = None) -> ReaderAnswer:
    """Take a published answer off the library; the question waits again. Overtaken ("overtaken")."""
    decided = _decide(by, reader_question_id, seen, AnswerKind.TAKEN_BACK, now)
    record(by, "reading.taken_back", decided)
    return decided
