"""``sojourn replay``: whole sessions from files, judged by the code that judges in the clinic. Needs no database.

Importing this module loads no medicine; that is imported by the command when it runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sojourn.clinical.replay import ReplayOutcome
    from sojourn.foundation.rulebook.replaying import Loosening

_FAILED: Final = 1
_WRONG: Final = 2

_ABOUT: Final = """
Plays whole sessions from files and shows, line by line, how the software judges: the state of the session, checks due
and missed, alarms, refusals, milligrams given, wasted and not accounted for. It is the same code that judges in the
clinic, under the rulebook that ships. No database is needed, and nothing is stored.

Each expected line of a file names its rule and where that comes from. With --loosen that rule is loosened by one step
(a pressure by 1 mmHg, a time by a minute or a second): a line that rests on it must then fail.

  sojourn replay docs/clinical/scenarios/*.json           every scenario that ships
  sojourn replay my-session.json --json                   for a program
  sojourn replay docs/clinical/scenarios/02-*.json --loosen iv_racemic_40min.hold_systolic

How to write one: docs/how-to/add-a-scenario.md
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``replay``."""
    parser = commands.add_parser(
        "replay", help="play whole sessions from files and show how the software judges", description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit code: 0 when every expected line came out, 1 when one did not, 2 when a file could not be read.",
    )  # fmt: skip
    parser.add_argument("file", nargs="+", type=Path, help="a scenario, JSON")
    parser.add_argument("--loosen", metavar="RULE.NUMBER", help="with this number of a rule one step away from caution")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the files; 0, 1 or 2."""
    from sojourn.clinical.replay import plain
    from sojourn.foundation.rulebook.replaying import loosening_of, marks_of

    try:
        loosening = loosening_of(arguments.loosen) if arguments.loosen else None
        outcomes = [_play(path, loosening) for path in arguments.file]
    except (ValueError, OSError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return _WRONG
    if arguments.json:
        _say(json.dumps([plain(each, marks_of(each.scenario)) for each in outcomes], ensure_ascii=False, indent=2))
    else:
        _say_tables(outcomes, loosening)
    return 0 if all(each.ok for each in outcomes) else _FAILED


def _play(path: Path, loosening: Loosening | None) -> ReplayOutcome:
    from sojourn.clinical.replay import UnknownRule, read, replay
    from sojourn.foundation.rulebook.replaying import rules_of, unknown_names

    scenario = read(path.name, path.read_text(encoding="utf-8"))
    if wrong := unknown_names(scenario):
        raise UnknownRule("\n".join(wrong))
    return replay(scenario, rules_of(scenario, loosening))


def _say_tables(outcomes: Sequence[ReplayOutcome], loosening: Loosening | None) -> None:
    from sojourn.clinical.replay import table
    from sojourn.foundation.rulebook.replaying import marks_of

    if loosening is not None:
        _say(f"Loosened: {loosening.words}\n")
    for each in outcomes:
        _say(f"{table(each, marks_of(each.scenario))}\n")
    lines = sum(len(each.lines) for each in outcomes)
    failed = sum(len(each.failed) for each in outcomes)
    _say(f"{len(outcomes)} scenarios, {lines} expected lines, {failed} failed")


def _say(text: Any) -> None:
    sys.stdout.write(f"{text}\n")
