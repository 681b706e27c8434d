"""Collect every string that a person reads into the Spanish catalogues, and compile them: ``make messages``.

Each room has the catalogue of what it alone says, ``<room>/locale/es/LC_MESSAGES/django.po``; what several rooms say
lies once, in ``sojourn/locale``. A message moves by itself when another room begins or ceases to say it. After a merge
in which a catalogue was in conflict: take either side, run this, and nothing that is still said loses its Spanish as
long as one of the catalogues has it.

Python through Babel, templates through Django's own reader, the rulebook and the scales through their message lists.
No gettext programs are needed. Strings that are gone leave the catalogue; new ones come in empty.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import polib
from babel.messages.extract import extract_javascript, extract_python

from sojourn.foundation.registry import locale_folders

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = "sojourn"
IN_LOCALE = Path("es", "LC_MESSAGES", "django.po")
IN_ROOM = "locale" / IN_LOCALE
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2),
    "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
    "N_": None,  # clinical/pk marks its messages so
}  # fmt: skip
Message = tuple[str, str, str | None]  # context, singular, plural


def _shape(function: str, arguments: object) -> Message | None:
    if arguments is None:
        return None
    parts = (arguments,) if isinstance(arguments, str) else tuple(arguments)  # type: ignore[arg-type]
    if not parts or not isinstance(parts[0], str) or not parts[0]:
        return None
    if function.startswith("npgettext"):
        return (parts[0], parts[1], parts[2])
    if function.startswith("pgettext"):
        return (parts[0], parts[1], None)
    if function.startswith("ngettext"):
        return ("", parts[0], parts[1])
    return ("", parts[0], None)


def found() -> Iterator[tuple[Message, str]]:
    """Every message with the file that says it."""
    from django.utils.translation.template import templatize

    for path in sorted((ROOT / "sojourn").rglob("*")):
        if "node_modules" in path.parts or "migrations" in path.parts or path.suffix not in {".py", ".html", ".txt"}:
            continue
        where = str(path.relative_to(ROOT))
        if path.suffix == ".py":
            extracted = extract_python(io.BytesIO(path.read_bytes()), list(KEYWORDS), [], {})
        elif "templates" in path.parts:
            text = templatize(path.read_text(encoding="utf-8"), origin=where)
            extracted = extract_javascript(io.BytesIO(text.encode()), list(KEYWORDS), [], {})
        else:
            continue
        for _, function, arguments, _ in extracted:
            message = _shape(function or "_", arguments)
            if message is not None:
                yield message, where
    from sojourn.care.intake.intake_form import messages as form_messages
    from sojourn.foundation.rulebook.messages import messages

    for text, _part in form_messages():
        yield ("", text, None), "sojourn/care/intake/intake_form.toml"
    for text in messages():
        yield ("", str(text), None), "sojourn/foundation/rulebook"


@cache
def wanted() -> dict[Message, list[str]]:
    """Every message once, with the files that say it."""
    out: dict[Message, list[str]] = {}
    for message, where in found():
        places = out.setdefault(message, [])
        if where not in places:
            places.append(where)
    return out


def key(entry: polib.POEntry) -> Message:
    return (entry.msgctxt or "", entry.msgid, entry.msgid_plural or None)


def missing() -> list[Message]:
    """Messages without a finished Spanish text."""
    known, _other = translated()
    return [message for message in wanted() if message not in known or not _finished(known[message])]


def _finished(entry: polib.POEntry) -> bool:
    return not entry.fuzzy and bool(entry.msgstr or (entry.msgstr_plural and all(entry.msgstr_plural.values())))


# ---------------------------------------------------------------- where a message lies


def room_of(place: str) -> str:
    """The room that says it, or the topic of an interface: the innermost package, at most so deep."""
    *folders, _name = place.split("/") if Path(place).suffix else [*place.split("/"), ""]
    deepest = 4 if folders[1:2] == ["interfaces"] else 3
    found = Path(folders[0])
    for folder in folders[1:deepest]:
        if not (ROOT / found / folder / "__init__.py").exists():
            break
        found /= folder
    return found.as_posix()


def catalogue_of(places: Iterable[str]) -> Path:
    """The catalogue for what is said in these files: their room's, or that of the words of several rooms."""
    rooms = {room_of(place) for place in places}
    return ROOT / (rooms.pop() if len(rooms) == 1 else SHARED) / IN_ROOM


def catalogues() -> list[Path]:
    """Every catalogue, that of several rooms last."""
    found = [folder / IN_LOCALE for folder in locale_folders()]
    return sorted((each for each in found if each.exists()), key=lambda path: (path == ROOT / SHARED / IN_ROOM, path))


def translated() -> tuple[dict[Message, polib.POEntry], list[str]]:
    """Every entry once, and what two catalogues say differently, as happens after a merge: the one that is finished
    counts, of two that are, the room's."""
    known: dict[Message, polib.POEntry] = {}
    other = []
    for path in catalogues():
        for entry in polib.pofile(str(path)):
            first = known.setdefault(key(entry), entry)
            if first is entry or not _finished(entry):
                continue
            if not _finished(first):
                known[key(entry)] = entry
            elif (first.msgstr, first.msgstr_plural) != (entry.msgstr, entry.msgstr_plural):
                other.append(f"{entry.msgid!r}: kept {first.msgstr!r}, not {entry.msgstr!r}")
    return known, other


def _empty() -> polib.POFile:
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit", "Language": "es",
        "MIME-Version": "1.0", "Plural-Forms": "nplurals=2; plural=(n != 1);", "Project-Id-Version": "sojourn",
    }  # fmt: skip
    return catalogue


def sorted_out(known: Mapping[Message, polib.POEntry]) -> dict[Path, polib.POFile]:
    """Every message that is wanted, in the catalogue where it belongs."""
    found: dict[Path, polib.POFile] = {}
    for (context, singular, plural), places in wanted().items():
        entry = known.get((context, singular, plural)) or polib.POEntry(
            msgid=singular,
            msgctxt=context or None,
            **({"msgid_plural": plural, "msgstr_plural": {0: "", 1: ""}} if plural else {}),
        )
        entry.occurrences = [(place, "") for place in places]
        if "%(" in singular and "python-format" not in entry.flags:
            entry.flags.append("python-format")
        found.setdefault(catalogue_of(places), _empty()).append(entry)
    return found


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sojourn.config.settings")
    os.environ.setdefault("SOJOURN_HOME", "/tmp/sojourn-messages")
    import django

    django.setup()
    known, other = translated()
    found = sorted_out(known)
    for path in set(catalogues()) - set(found):
        path.unlink()
    for path, catalogue in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(path))
    from sojourn.foundation.ui.build import compile_translations

    compile_translations(print)  # what a running page reads
    for each in other:
        print(each)
    count = sum(len(each) for each in found.values())
    print(f"{count} messages in {len(found)} catalogues, {len(missing())} without Spanish")
    for path, catalogue in sorted(found.items()):
        if bare := [each.msgid for each in catalogue if not _finished(each)]:
            print(f"  {path.relative_to(ROOT)}: {len(bare)}, first {bare[0]!r}")


if __name__ == "__main__":
    sys.exit(main())
