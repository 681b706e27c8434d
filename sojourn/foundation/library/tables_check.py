"""The check of what the articles rest on: pictures against their rows, entries in both languages, laws in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from sojourn.clinical.jurisdictions import Jurisdiction
from sojourn.foundation.library import numbers
from sojourn.foundation.library.article import LANGUAGES
from sojourn.foundation.library.evidence import EVIDENCE, Entry, Outcome, Practice, Study, entries
from sojourn.foundation.library.faults import Finding
from sojourn.foundation.library.pictures import PICTURES, STEPS, Hundred, PictureInvalid, Steps, hundreds, steps
from sojourn.foundation.rulebook.jurisdictions import jurisdictions

LAW: Final = Path(__file__).parents[1] / "rulebook" / "rules" / "jurisdictions.toml"


def of_tables(known: Mapping[str, Entry] | None = None, folder: Path = EVIDENCE) -> Iterator[Finding]:
    """Entries that say their result in one language alone, or with other numbers in the other."""
    for entry in (entries() if known is None else known).values():
        told = _told(entry)
        if told is None:
            continue
        file = "studies.csv" if isinstance(entry, Study) else "practice.csv"
        line = _line_of(folder / file, f"{entry.id},")
        if any(bool(told.get(each)) != bool(told.get("en")) for each in LANGUAGES):
            yield Finding(file, line, "entry-silent", {"id": entry.id})
        elif other := numbers.gone(numbers.numbers(told["en"]), numbers.numbers(told["es"])):
            yield Finding(file, line, "entry-differs", {"id": entry.id, "gone": other})


def _told(entry: Entry) -> Mapping[str, str] | None:
    if isinstance(entry, Study):
        return entry.result
    return entry.says if isinstance(entry, Practice) else None


def of_pictures(drawn: Path = PICTURES, moved: Path = STEPS) -> Iterator[Finding]:
    """Pictures that cannot be drawn, that are silent in a language, or that say what their rows do not."""
    try:
        found: list[Hundred | Steps] = [*hundreds(drawn).values()]
    except PictureInvalid as error:
        yield _invalid(drawn, error)
        found = []
    try:
        found += steps(moved).values()
    except PictureInvalid as error:
        yield _invalid(moved, error)
    for each in found:
        path = drawn if isinstance(each, Hundred) else moved
        yield from _of_words(each, path.name, _line_of(path, f"[{each.name}]"))


def _invalid(path: Path, error: PictureInvalid) -> Finding:
    return Finding(
        path.name, _line_of(path, f"[{str(error).partition(':')[0]}]"), "picture-invalid", {"error": str(error)}
    )


def _of_words(picture: Hundred | Steps, file: str, line: int) -> Iterator[Finding]:
    if isinstance(picture, Hundred):
        texts = [picture.title, picture.not_counted]
        figures = frozenset[float]().union(*(_of_row(each) for each in picture.rows))
        counts = [str(each) for each in (picture.counted, picture.began) if each is not None]
        said = [("; ".join(counts), figures)]
        said += [(text, figures) for each in texts for text in each.values()]
    else:
        texts = [picture.title, *(each.says for each in picture.steps)]
        known = entries()
        said = [
            (text, frozenset[float]().union(*(numbers.of_entry(known[id_]) for id_ in step.evidence)))
            for step in picture.steps
            for text in step.says.values()
        ]
    if any(not each.get(language) for each in texts for language in LANGUAGES):
        yield Finding(file, line, "picture-silent", {"name": picture.name})
        return
    for text, held in said:
        for number in numbers.astray(text, held):
            yield Finding(file, line, "picture-astray", {"number": number}, text)
    for each in texts:
        if other := numbers.gone(numbers.numbers(each["en"]), numbers.numbers(each["es"])):
            yield Finding(file, line, "picture-differs", {"gone": other}, each["en"])


def _of_row(row: Outcome) -> frozenset[float]:
    """The numbers of a row, and of the first one of its study, which says what the others do not repeat."""
    same = (each for each in entries().values() if isinstance(each, Outcome))
    first = next(each for each in same if (each.study, each.year) == (row.study, row.year))
    return numbers.of_entry(row) | numbers.of_entry(first)


def of_the_law(today: date) -> Iterator[Finding]:
    """Laws that were to be read again, or that something in them has ended. Nobody's build waits for them (``due``)."""
    for law in jurisdictions():
        yield from _of_law(law, today)


def _of_law(law: Jurisdiction, today: date) -> Iterator[Finding]:
    line = _line_of(LAW, f'id = "{law.rule.id}"')
    for each in law.ends:
        if each.on < today:
            named = {"what": each.what, "day": f"{each.on}"}
            yield Finding(LAW.name, line, "law-lapsed", named, law.code, due=each.on)
    if law.review_on < today:
        yield Finding(LAW.name, line, "law-review", {"day": f"{law.review_on}"}, law.code, due=law.review_on)


def _line_of(path: Path, begins: str) -> int:
    """The line that begins so, the first where none does."""
    if not path.is_file():
        return 1
    lines = path.read_text(encoding="utf-8").split("\n")
    return next((n for n, line in enumerate(lines, 1) if line.startswith(begins)), 1)
