"""The command line: `sojourn COMMAND`. Each command says what it does and what it needs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from sojourn import __version__
from sojourn.clinical.pk import command as pk
from sojourn.config.cli import clinics, library, ports, replay, rulebook, running, upkeep
from sojourn.config.processes.virtual_monitor import program

Command = Callable[[argparse.Namespace], int]
_DESCRIPTION = """
Sojourn runs a ketamine-therapy programme: patients, sessions, monitors, records.

Start here:
  sojourn up --demo      a demo clinic with a running session, at http://127.0.0.1:8000
  sojourn init           make the database ready for a real clinic (safe to repeat)
  sojourn up             run it
  sojourn confirm        confirm the first prescriber, nurse and therapist of a clinic
  sojourn replay FILE    how the software judges, shown on whole sessions

Settings come from the environment; docs/operations/settings.md lists them all.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 for success, 1 for a failure that was told, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="sojourn", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"sojourn {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _register(commands)
    arguments = parser.parse_args(argv)
    run: Command = arguments.run
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our words has heard enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Every group adds its commands, in the order in which the help lists them."""
    for group in (running, clinics, program, upkeep, rulebook, library, ports, replay, pk):
        group.register(commands)
