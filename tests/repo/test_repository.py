"""The repository itself: what the documents promise, what must never be committed, and where writing is allowed."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from tests.repo import messages, sources

ROOT = Path(__file__).resolve().parent.parent.parent


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]


def test_every_setting_is_documented_and_every_documented_setting_exists():
    source = (ROOT / "sojourn/config/environment.py").read_text() + (ROOT / "sojourn/config/settings.py").read_text()
    read = set(re.findall(r'(?:environ\.get\(|_flag\()"([A-Z_]+)"', source))
    told = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/operations/settings.md").read_text(), re.M))
    assert read == told


def test_decisions_are_numbered_once_and_titled():
    numbers = []
    for path in sorted((ROOT / "docs/decisions").glob("*.md")):
        number, title = re.match(r"# (\d+)\. (.+)", path.read_text()).groups()  # type: ignore[union-attr]
        assert path.name.startswith(f"{int(number):04d}-"), path.name
        assert title.strip()
        numbers.append(number)
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("path", tracked(".md"), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_dead_links(path):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_locks_carry_hashes_and_no_host_names():
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        assert all("--hash=" in block for block in re.split(r"\n(?=\S)", text) if "==" in block.split("\n")[0])
    npm = (ROOT / "sojourn/foundation/ui/frontend/package-lock.json").read_text()
    assert '"resolved"' not in npm
    assert '"integrity"' in npm


def test_nothing_of_a_machine_is_committed():
    own = Path(__file__).name
    for path in tracked(".py", ".md", ".toml", ".ts", ".html", ".txt", ".json", ".mjs", ".yaml", ".cfg", ""):
        if path.name == own or path.stat().st_size > 2_000_000:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        for place in ("/work/" + "main", "/work/" + "shared", "/root/" + "."):
            assert place not in text, f"{path.relative_to(ROOT)} names {place}"


def test_no_loose_ends():
    for path in tracked(".py", ".ts", ".html"):
        if path.name == Path(__file__).name:
            continue
        found = re.search(r"\b(TODO|FIXME|XXX|HACK)\b", path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(ROOT)}: {found and found[0]}"


WRITES = {"create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete", "save"}
# The ledger, the messages and the watch are monitoring's actions in SQL; the demo and the house make whole clinics. A
# receipt is no action: it is written beside the one that the entry asked for (foundation/receipts/taking.py).
MAY_WRITE = re.compile(
    r"(actions|ledger|messages|watching|receipts/taking)\.py$|^sojourn/(config|foundation/(accounts|mail))/|/migrations/"
)
SCOPED = re.compile(r"\b(rows|rows_of|one_row|clinic_rows|within|among)\(")  # foundation/scope.py
# What several actions of a room write, each with a row of the audit of its own: in the hands of actions alone.
IN_COMMON = {"sojourn.care.scheduling.placing", "sojourn.care.session.charting"}


def _writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            text = ast.unparse(node.func.value)
            if "objects" in text or node.func.attr == "save" or SCOPED.search(text):
                yield node.lineno, ast.unparse(node.func)


def test_writing_happens_in_actions_and_nowhere_else():
    found = []
    for path in tracked(".py"):
        name = str(path.relative_to(ROOT))
        common = name.removesuffix(".py").replace("/", ".") in IN_COMMON
        if name.startswith("sojourn/") and not common and not MAY_WRITE.search(name):
            found += [f"{name}:{line} {what}" for line, what in _writes(sources.tree(path)) if "form" not in what]
    assert not [each for each in found if "session.save" not in each and "catalog" not in each], found


def _imports(tree: ast.AST) -> Iterator[str]:
    """What a module takes from elsewhere: modules, and what it names of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (str(node.module), *(f"{node.module}.{each.name}" for each in node.names))
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def test_what_actions_write_in_common_nothing_but_actions_takes():
    takes = {
        path.relative_to(ROOT).as_posix(): common
        for path in tracked(".py")
        if path.is_relative_to(ROOT / "sojourn") and (common := IN_COMMON.intersection(_imports(sources.tree(path))))
    }
    assert set().union(*takes.values()) == IN_COMMON
    assert all(name.endswith("actions.py") for name in takes), takes


def _withdraws(tree: ast.AST) -> Iterator[int]:
    """The lines at which a module takes an agreement back past the session that may rest on it."""
    rooms = {
        each.asname or each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "sojourn.care.consent"
        for each in node.names
        if each.name == "actions"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "withdraw" and ast.unparse(node.value) in rooms:
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "sojourn.care.consent.actions":
            yield from (node.lineno for each in node.names if each.name in ("withdraw", "*"))


def test_a_withdrawal_always_goes_by_the_session_that_it_stops():
    """care.session.withdrawal_actions.withdraw_consent stops what rests on an agreement in the same transaction."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in tracked(".py")
        if str(path.relative_to(ROOT)).startswith(("sojourn/interfaces/", "sojourn/config/"))
        for line in _withdraws(sources.tree(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "from sojourn.care.consent import actions\nactions.withdraw(by=by)",
        "from sojourn.care.consent import actions as consent, queries\nconsent.withdraw(by=by)",
        "from sojourn.care.consent.actions import withdraw",
    ],
)
def test_a_withdrawal_by_another_door_is_found(text: str):
    assert list(_withdraws(ast.parse(text)))


def test_every_string_is_there_in_spanish():
    missing = messages.missing()
    assert not missing, f"{len(missing)} messages want Spanish, first {missing[:3]}; run make messages"


def test_translations_keep_their_placeholders():
    for entry in messages.translated()[0].values():
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            wanted = set(re.findall(r"%\(\w+\)[sd]|\{\w+[^}]*\}", entry.msgid + (entry.msgid_plural or "")))
            given = set(re.findall(r"%\(\w+\)[sd]|\{\w+[^}]*\}", text))
            assert given <= wanted, f"{entry.msgid!r}: {given - wanted} is not in the original"
            assert {w for w in wanted if w in entry.msgid} <= given or entry.msgid_plural, (
                f"{entry.msgid!r} loses {wanted - given}"
            )


def test_every_message_lies_in_the_catalogue_of_who_says_it():
    """Once: in its room's, or where several rooms say it in that of the words of several rooms."""
    lying: dict[messages.Message, list[str]] = {}
    for path in messages.catalogues():
        for entry in polib.pofile(str(path)):
            lying.setdefault(messages.key(entry), []).append(path.relative_to(messages.ROOT).as_posix())
    wanted = {
        message: [messages.catalogue_of(places).relative_to(messages.ROOT).as_posix()]
        for message, places in messages.wanted().items()
    }
    wrong = {message: where for message, where in lying.items() if where != wanted.get(message)}
    assert not wrong, "run make messages"


@pytest.mark.parametrize(
    ("places", "lies_in"),
    [
        (["sojourn/care/session/event_kinds.py", "sojourn/care/session/actions.py"], "sojourn/care/session"),
        (["sojourn/care/session/actions.py", "sojourn/care/vitals/actions.py"], "sojourn"),
        (["sojourn/interfaces/console/record/templates/page.html"], "sojourn/interfaces/console/record"),
        (["sojourn/interfaces/console/nav.py"], "sojourn/interfaces/console"),
        (["sojourn/care/intake/intake_form.toml"], "sojourn/care/intake"),
        (["sojourn/foundation/rulebook"], "sojourn/foundation/rulebook"),
        (["sojourn/clinical/vitals.py"], "sojourn/clinical"),
    ],
)
def test_a_message_lies_where_its_room_is(places: list[str], lies_in: str):
    assert messages.catalogue_of(places) == messages.ROOT / lies_in / "locale/es/LC_MESSAGES/django.po"


def test_of_two_catalogues_the_finished_text_counts_and_then_the_rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As after a merge, when a message lies in the room's catalogue and still in the common one."""
    says = {"room.po": {"Next": "", "Save": "Guardar"}, "common.po": {"Next": "Siguiente", "Save": "Salvar"}}
    for name, texts in says.items():
        catalogue = polib.POFile()
        catalogue.extend(polib.POEntry(msgid=english, msgstr=spanish) for english, spanish in texts.items())
        catalogue.save(str(tmp_path / name))
    monkeypatch.setattr(messages, "catalogues", lambda: [tmp_path / name for name in says])
    known, other = messages.translated()
    assert {entry.msgid: entry.msgstr for entry in known.values()} == {"Next": "Siguiente", "Save": "Guardar"}
    assert other == ["'Save': kept 'Guardar', not 'Salvar'"]
