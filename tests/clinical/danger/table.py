"""Writes docs/clinical/words-of-danger.md: what is looked for, its limits, and how often it is right.

Run as ``python -m tests.clinical.danger.table``; a test holds the page current.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sojourn.clinical.danger.reading import HARMLESS, Exempting, Rule, word_list
from tests.clinical.danger import sentences
from tests.clinical.danger.sentences import DANGER, LANGUAGES, Labelled

PAGE = Path(__file__).resolve().parents[3] / "docs" / "clinical" / "words-of-danger.md"

KINDS = {
    "explicit": "says in plain words that they will, want or plan to kill themselves, or a deadly act upon themselves",
    "oblique": "a plan or decision to die that is meant by its context and not said in such words",
    "passive": "wishes to be dead or not to wake up; others were better off",
    "denial_that_is_not": 'danger with a negation in it: "I don\'t want to live"',
    "goodbye": "a goodbye, things given away, a note, no future",
    "self_harm": "hurts themselves, wants to, or again",
    "voices": "hears voices, or is commanded",
    "negation": "says that they have no such thoughts",
    "past": "clearly over",
    "third_person": "another person, the news, a film",
    "idiom": "a figure of speech",
    "question": "asks about the treatment, a form, a word",
    "everyday": "an ordinary message",
}
FLAGS = {"suicidal_thoughts": "Suicidal thoughts", "self_harm": "Self-harm", "voices": "Voices"}

RUN_ON = "2026-11-29"
LATER_RUNS_ON = "2026-11-30"
FIRST_RIGHT = {  # kind: (right, of) in English, in Spanish; "explicit" then held "oblique" as well
    "explicit": ((38, 46), (37, 46)),
    "passive": ((10, 16), (9, 16)),
    "denial_that_is_not": ((9, 16), (7, 16)),
    "goodbye": ((6, 15), (5, 15)),
    "self_harm": ((11, 16), (6, 16)),
    "voices": ((6, 15), (3, 15)),
    "negation": ((15, 17), (14, 17)),
    "past": ((15, 17), (14, 17)),
    "third_person": ((16, 17), (14, 17)),
    "idiom": ((18, 18), (18, 18)),
    "question": ((17, 17), (16, 17)),
    "everyday": ((18, 18), (18, 18)),
}
FIRST_ABOUT = [
    "456 sentences by somebody who had seen neither list nor tuning part. The list was then widened for what it",
    "had missed, so these sentences now stand in the tuning part (save 29 near-copies of others there), and only",
    "these figures say how the list did on them unseen. Explicit and oblique were then counted as one.",
]
SECOND_RIGHT = {
    "explicit": ((37, 39), (36, 38)),
    "oblique": ((3, 12), (1, 12)),
    "passive": ((8, 12), (9, 14)),
    "denial_that_is_not": ((7, 12), (5, 11)),
    "goodbye": ((6, 11), (8, 13)),
    "self_harm": ((7, 12), (9, 13)),
    "voices": ((6, 13), (6, 13)),
    "negation": ((6, 10), (10, 14)),
    "past": ((8, 11), (8, 11)),
    "third_person": ((9, 11), (12, 12)),
    "idiom": ((13, 13), (12, 12)),
    "question": ((13, 14), (13, 14)),
    "everyday": ((14, 14), (13, 14)),
}
SECOND_ABOUT = [
    "375 sentences by somebody who had seen neither list nor tuning part. Of the 429 that were written, 54 came near",
    "a sentence of the tuning part (five words in a row, or most of the words) and were left out. The list was then",
    "widened for what it had missed, so these sentences too now stand in the tuning part.",
]
THIRD_RIGHT = {
    "explicit": ((31, 33), (36, 38)),
    "oblique": ((3, 11), (2, 13)),
    "passive": ((6, 11), (5, 9)),
    "denial_that_is_not": ((7, 11), (6, 11)),
    "goodbye": ((5, 9), (5, 12)),
    "self_harm": ((11, 13), (6, 11)),
    "voices": ((6, 12), (7, 11)),
    "negation": ((9, 10), (8, 10)),
    "past": ((10, 11), (9, 13)),
    "third_person": ((10, 12), (10, 11)),
    "idiom": ((7, 9), (9, 9)),
    "question": ((9, 10), (11, 12)),
    "everyday": ((11, 11), (13, 13)),
}
THIRD_ABOUT = [
    "336 sentences by somebody who had seen neither the list nor any other sentence. Of the 392 that were written, 56",
    "came near a sentence of the tuning part (five words in a row, or most of the words) and are left out; with them,",
    "38 of 40 explicit sentences were found in each language. The default was then turned round (words that name",
    "one's own death are danger unless something excuses them), so these sentences too now stand in the tuning part.",
]
FOURTH_RIGHT = {"explicit": ((91, 100), (94, 100))}
FOURTH_ABOUT = [
    "200 explicit sentences, by somebody who had seen neither the list nor any other sentence, read once after the",
    "default was turned round; the list as it was for the third run found 87 and 90 of them. The list was then widened",
    "for what it had missed and for its kin, and the sentences that are no near copies of others stand in the tuning",
    "part.",
]
FIFTH_RIGHT = {
    "explicit": ((44, 45), (45, 45)),
    "oblique": ((6, 12), (5, 12)),
    "passive": ((11, 14), (9, 14)),
    "denial_that_is_not": ((8, 13), (5, 13)),
    "goodbye": ((9, 13), (6, 13)),
    "self_harm": ((11, 13), (11, 13)),
    "voices": ((11, 13), (7, 13)),
    "negation": ((11, 13), (9, 13)),
    "past": ((10, 13), (7, 13)),
    "third_person": ((12, 13), (12, 13)),
    "idiom": ((12, 13), (12, 13)),
    "question": ((11, 13), (11, 13)),
    "everyday": ((14, 14), (14, 14)),
}
FIFTH_ABOUT = [
    "404 sentences by somebody who had seen neither the list nor any other sentence, near copies of others counted",
    "with them. The list was then widened by structure for what it had missed (tenses that look back from a day to",
    "come, passives, nouns for the act), and the 315 sentences that are no near copies stand in the tuning part.",
]

SIXTH_RIGHT = {
    "explicit": ((43, 45), (44, 45)),
    "oblique": ((2, 12), (0, 12)),
    "passive": ((7, 13), (3, 13)),
    "denial_that_is_not": ((7, 13), (5, 13)),
    "goodbye": ((8, 13), (2, 13)),
    "self_harm": ((11, 13), (9, 13)),
    "voices": ((7, 13), (9, 13)),
    "negation": ((10, 13), (11, 13)),
    "past": ((10, 13), (11, 13)),
    "third_person": ((11, 13), (13, 13)),
    "idiom": ((13, 13), (12, 13)),
    "question": ((10, 13), (10, 13)),
    "everyday": ((13, 13), (13, 13)),
}
SIXTH_ABOUT = [
    "400 sentences by somebody who had seen neither the list nor any other sentence, near copies of others counted",
    "with them. The list was then widened to every person and form of the act (imperatives, «uno», bare infinitives),",
    "and the 329 sentences that are no near copies stand in the tuning part.",
]

BEGINNING = """# Words of danger

What a patient writes is read for words of danger, in English and Spanish, at once and on the clinic's own machine: by a
list, not by a model. Nothing is learned from what patients write, nothing leaves the clinic. What is found offers help
at once and tells a person of the clinic; it is no diagnosis. **What is not found is no proof that all is well**: the
list stands beside the questionnaires, the conversations and the button, and replaces none of them.

The list is one file, [`words.json`](../../sojourn/clinical/danger/words.json) (version {version}), with a reader in
Python and one in TypeScript for what must stay on the patient's own device; golden sentences hold the two together.

## How a sentence is read

1. The text is cut into sentences. Each is read alone, and the worst wins: nothing that stands before or after it mutes
   it.
2. Capitals, accents, apostrophes, masks (`k*ll`), signs for letters, letters drawn out, pictures for words (🔫) and
   usual short forms are taken away. In {forgiven} long words one slip of a letter is forgiven.
3. {rules} rules name rows of words. A rule holds where one of its rows stands. The default is danger: words that name
   death by one's own hand plainly, in any person ("suicide", "hang myself", "end your life", «me cuelgo», «mátate»),
   need nothing beside them. Some rules ask for more,
   anywhere in the sentence: a gun is danger beside oneself, a time and what is done with it.
4. {exceptions} exceptions look at the words beside it: a negation that governs it, a time long over, another person, a
   figure of speech, a question. An exception reaches no further than its part of the sentence, and has its own
   exceptions: "not" before "kill myself" excuses it, "can't stop thinking of" does not.

In doubt it is danger: a false alarm costs a person at the clinic a minute.
"""

LIMITS = """## Limits

- It reads words, not people. Somebody who writes nothing of it, or writes it as nobody here thought of, is not found.
- English and Spanish. Other languages and most mixtures of the two inside one row of words are not read.
- A sentence is judged without what the person wrote before: "I will do it tonight" alone says nothing, and "I'm taking
  the pills now" is not told from a dose on time.
- What is meant by its context and not said in plain words is found where somebody thought of the words. The kind
  "oblique" counts it apart.
- A question is told by its question mark. Without one, "would it be bad if I said that I hear voices" counts as danger.
- Irony, quotation, poetry and song are read as they stand. Another person's words in the first person ("she texted me:
  I will kill myself") are taken for the writer's, unless a threat stands beside them ("if you leave").
- Without a full stop or a comma between them, an excuse can reach the words beside it. A full stop ends every excuse; a
  comma ends a negation and another person, not a time long over, a kitchen, a pool or a question.
- "Clearly over" needs a time in the same sentence. A past attempt without a time counts as danger.
- Slips are forgiven in a short list of long words, once a word. Letters or words set apart by spaces or full stops
  ("k i l l", "kill. myself.") are not put together. Slang changes faster than a list.
- The sentences below were written by the makers and not by patients. How often it is right in a clinic is not known.
- No prescriber and no person with lived experience has read the list yet. It is a convention until one adopts it.
"""


def page() -> str:
    """The page as it should be."""
    words = word_list()
    beginning = BEGINNING.format(
        version=words.version, forgiven=words.forgiven, rules=len(words.rules), exceptions=len(words.exceptions)
    )
    return "\n".join(
        [
            beginning,
            *_rules(words.rules),
            *_exceptions(words.exceptions),
            LIMITS,
            *_part(
                "tuning",
                "The tuning part",
                "Seen while the list was made, the earlier blind parts among them: it flatters the list.",
            ),
            *_part(
                "test",
                "The test part",
                "The seventh part by somebody who had seen neither the list nor any other sentence; the list was not"
                " changed for it. Of the 400 that were written, 103 came near a sentence of the tuning part (five words"
                " in a row, or most of the words) and are left out; with them, 45 of 45 explicit sentences were found"
                " in each language. It was the seventh try: each of the six before it had missed some.",
            ),
            *_blind_run("First", FIRST_RIGHT, FIRST_ABOUT),
            *_blind_run("Second", SECOND_RIGHT, SECOND_ABOUT),
            *_blind_run("Third", THIRD_RIGHT, THIRD_ABOUT),
            *_blind_run("Fourth", FOURTH_RIGHT, FOURTH_ABOUT),
            *_blind_run("Fifth", FIFTH_RIGHT, FIFTH_ABOUT, LATER_RUNS_ON),
            *_blind_run("Sixth", SIXTH_RIGHT, SIXTH_ABOUT, LATER_RUNS_ON),
        ]
    )


def _rules(rules: Iterable[Rule]) -> list[str]:
    rows = [
        f"| {rule.name} | {LANGUAGES[rule.language]} | {FLAGS[rule.kind]} | {rule.severity} | {rule.because} |"
        for rule in rules
    ]
    return [
        "## What is looked for",
        "",
        "| Rule | Language | Flag | Severity | It |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]


def _exceptions(exceptions: Iterable[Exempting]) -> list[str]:
    rows = [
        f"| {each.name} | {each.looks_for} | {'no danger' if each.effect == HARMLESS else each.effect} |"
        for each in exceptions
    ]
    return [
        "## What makes the same words mean something else",
        "",
        "| Exception | Looks for | Then |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _part(name: str, title: str, words: str) -> list[str]:
    given = sentences.sentences(name)
    if not given:
        return [f"## {title}", "", "Not here yet: nothing is known of sentences on which the list was not made.", ""]
    return [
        f"## {title}",
        "",
        f"{len(given)} sentences. {words}",
        "",
        "| Kind | What it is | " + " | ".join(LANGUAGES.values()) + " |",
        "|---|---|" + "---|" * len(LANGUAGES),
        *(f"| {kind} | {about} | " + " | ".join(_counts(given, kind)) + " |" for kind, about in KINDS.items()),
        *_sums(given),
        "",
        *_listed("Missed", sentences.missed(given)),
        *_listed("False alarms", sentences.false_alarms(given)),
    ]


def _blind_run(
    which: str, right: Mapping[str, tuple[tuple[int, int], ...]], about: list[str], run_on: str = RUN_ON
) -> list[str]:
    """How the list did on sentences that were unseen then; the list was widened for them afterwards."""

    def cells(kind: str) -> str:
        word = "found" if kind in DANGER else "left alone"
        return " | ".join(f"{found} of {of} {word}" for found, of in right[kind])

    return [
        f"## {which} blind run, {run_on}, list as it was then",
        "",
        *about,
        "",
        "| Kind | " + " | ".join(LANGUAGES.values()) + " |",
        "|---|" + "---|" * len(LANGUAGES),
        *(f"| {kind} | {cells(kind)} |" for kind in right),
        "",
    ]


def _counts(given: list[Labelled], kind: str) -> list[str]:
    found = []
    for language in LANGUAGES:
        these = [each for each in given if each.kind == kind and each.language == language]
        right = sum(each.right for each in these)
        word = "found" if kind in DANGER else "left alone"
        found.append(f"{right} of {len(these)} {word}")
    return found


def _sums(given: list[Labelled]) -> list[str]:
    lines = []
    for danger, title in ((True, "**Sensitivity**"), (False, "**False alarms**")):
        cells = []
        for language in LANGUAGES:
            these = [each for each in given if each.language == language and each.danger == danger]
            found = sum(each.found is not None for each in these)
            cells.append(f"{found} of {len(these)} ({100 * found / len(these):.1f} %)" if these else "–")
        about = "danger that was found" if danger else "no danger, and found all the same"
        lines.append(f"| {title} | {about} | " + " | ".join(cells) + " |")
    return lines


def _listed(title: str, given: list[Labelled]) -> list[str]:
    if not given:
        return [f"{title}: none.", ""]
    rows = [
        f"- {each.id} ({each.kind}): {each.text}" + (f" – {each.found.rule}" if each.found else "") for each in given
    ]
    return [f"{title}:", "", *rows, ""]


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
