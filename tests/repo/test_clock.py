"""A day, a "today" and a wall clock's time are a clinic's, and it is named (foundation/clock.py says how).

What a page leaves to the active zone is wrong in a job, in the watch and on the command line, where the active zone is
UTC: the eve of a session would begin at five in the afternoon in Denver.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "sojourn"
CLOCK = ROOT / "foundation/clock.py"
# Who has a page around them: the pages, what begins one, and the tags of every page's templates.
PAGES = (
    *(f"interfaces/{each}/" for each in ("console", "portal", "entry", "escort", "help", "shared")),
    "config/middleware.py", "foundation/ui/",
)  # fmt: skip
# A moment by one of these names is stored in UTC, and its date() is a day in UTC.
_MOMENT = re.compile(r"^(now|at|.*_at)$")
# Names of moments that are local already, each with where it is made so.
LOCAL = {
    ("clinical/recovery/signing.py", "dose_at"),  # "the local time of the dose", says its caller
    ("interfaces/console/measures/forms.py", "now"),  # page_local, one line above
    ("clinical/replay/reading.py", "starts_at"),  # in the zone of the scenario's clinic, as it is read
    ("foundation/rulebook/replaying.py", "starts_at"),
    ("care/coordination/reminding.py", "at"),  # in the zone of whoever is reminded
}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _wrong(call: ast.Call, path: str) -> str | None:
    """Why a call names no zone; None where it does."""
    name, of = _name(call.func), _name(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    given = len(call.args) + len(call.keywords)
    if name in {"localtime", "localdate", "make_aware"} and given < 2:
        return f"{name} without a zone"
    if name in {"get_current_timezone", "get_current_timezone_name"} or (
        of == "timezone" and name in {"activate", "override"}
    ):
        return f"{name}: the active zone is a page's"
    if (name == "today" and of in {"date", "datetime"}) or name in {"utcnow", "utcfromtimestamp"}:
        return f"{name}: a day or a moment of the machine"
    if of == "datetime" and ((name == "now" and not given) or (name == "fromtimestamp" and given < 2)):
        return f"datetime.{name} without a zone"
    if name == "astimezone" and not given:
        return "astimezone without a zone: the machine's"
    if name == "date" and not given and isinstance(call.func, ast.Attribute) and _is_utc(call.func.value, path):
        return "the day of a moment in UTC"
    if name.startswith("page_") and name.removeprefix("page_") in {"begins", "ends", "zone", "local", "day", "today"}:
        return None if path.startswith(PAGES) else f"{name} where no page is"
    lookups = [
        each.arg for each in call.keywords if re.search(r"__(date|day|month|year|hour|week)(__|$)", each.arg or "")
    ]
    return f"{lookups[0]}: a day of the active zone" if lookups or name.startswith("Trunc") else None


def _is_utc(moment: ast.expr, path: str) -> bool:
    if isinstance(moment, ast.Call):
        return _name(moment.func) == "now"
    return bool(_MOMENT.match(_name(moment))) and (path, _name(moment)) not in LOCAL


def naked(source: str, path: str) -> Iterator[str]:
    """Each call that leaves a day or a time to the active zone, or to UTC."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (wrong := _wrong(node, path)):
            yield f"{path}:{node.lineno}: {wrong}"


def test_every_day_and_every_time_names_its_clinic() -> None:
    found = [
        each
        for path in sorted(ROOT.rglob("*.py"))
        if path != CLOCK
        for each in naked(path.read_text(), path.relative_to(ROOT).as_posix())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("timezone.localtime(at)", "care/booking/actions.py"),
        ("timezone.localdate()", "care/plan/actions.py"),
        ("localdate(at)", "foundation/accounts/actions.py"),
        ("date.today()", "config/cli/operations.py"),
        ("datetime.now()", "care/vitals/watch.py"),
        ("timezone.now().date()", "care/measures/queries.py"),
        ("signed.signed_at.date()", "interfaces/console/record/paper.py"),
        ("timezone.override(zone)", "config/demo/scenario.py"),
        ("page_today()", "care/plan/queries.py"),
        ("page_local(at)", "interfaces/live/hub.py"),
        ("rows.filter(given_at__date=day)", "care/session/queries.py"),
    ],
)
def test_it_would_be_found(line: str, path: str) -> None:
    assert list(naked(line, path))


def test_letters_write_no_time_themselves() -> None:
    """A letter is written outside every page: its times come to it as words, made on the clinic's clock."""
    letters = [path for path in ROOT.rglob("templates/mail/*") if path.is_file()]
    assert len(letters) > 10
    told = [path for path in letters if re.search(r"\|\s*(date|time)\b|\{%\s*(now|clock|ago)\b", path.read_text())]
    assert not told
