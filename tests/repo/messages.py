"""Collect every string that a person reads into the Spanish catalogue, and compile it: ``make messages``.

Python through Babel, templates through Django's own reader, the rulebook and the scales through their message lists.
No gettext programs are needed. Strings that are gone leave the catalogue; new ones come in empty.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from babel.messages.extract import extract_javascript, extract_python

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "sojourn" / "locale" / "es" / "LC_MESSAGES" / "django.po"
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
    from sojourn.care.intake.story import messages as story_messages
    from sojourn.foundation.rulebook.messages import messages

    for text, _part in story_messages():
        yield ("", text, None), "sojourn/care/intake/story.toml"
    for text in messages():
        yield ("", str(text), None), "sojourn/foundation/rulebook"


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
    done = {
        key(entry)
        for entry in polib.pofile(str(CATALOGUE))
        if not entry.fuzzy and (entry.msgstr or (entry.msgstr_plural and all(entry.msgstr_plural.values())))
    }
    return [message for message in wanted() if message not in done]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sojourn.config.settings")
    os.environ.setdefault("SOJOURN_HOME", "/tmp/sojourn-messages")
    import django

    django.setup()
    known = {key(entry): entry for entry in polib.pofile(str(CATALOGUE))} if CATALOGUE.exists() else {}
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit", "Language": "es",
        "MIME-Version": "1.0", "Plural-Forms": "nplurals=2; plural=(n != 1);", "Project-Id-Version": "sojourn",
    }  # fmt: skip
    for (context, singular, plural), places in wanted().items():
        entry = known.get((context, singular, plural)) or polib.POEntry(
            msgid=singular,
            msgctxt=context or None,
            **({"msgid_plural": plural, "msgstr_plural": {0: "", 1: ""}} if plural else {}),
        )
        entry.occurrences = [(place, "") for place in places]
        if "%(" in singular and "python-format" not in entry.flags:
            entry.flags.append("python-format")
        catalogue.append(entry)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(CATALOGUE))
    catalogue.save_as_mofile(str(CATALOGUE.with_suffix(".mo")))  # what a running page reads
    left = missing()
    print(f"{len(catalogue)} messages, {len(left)} without Spanish; compiled")
    if left:
        print(f"Write their msgstr in {CATALOGUE.relative_to(ROOT)}, and run this again.")


if __name__ == "__main__":
    sys.exit(main())
