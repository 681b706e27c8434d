"""`sojourn port`: which port of the monitors' listener belongs to which clinic. The machine's owner decides it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import psycopg

from sojourn.config.cli.telling import say, set_up_django
from sojourn.config.environment import database, environment
from sojourn.config.processes.ports import ports

Say = Callable[[str], None]
LOWEST, HIGHEST = 1024, 65535


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    port = commands.add_parser("port", help="give a clinic a port of its own for its monitors, or list them")
    port.add_argument("clinic", nargs="?", help="the clinic's short name")
    port.add_argument("port", nargs="?", type=int, help="the port that its monitors speak to")
    port.add_argument("--take-away", action="store_true", help="the port belongs to nobody any more")
    port.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from sojourn.config.processes import postgres

    with postgres.available():
        set_up_django()
        if arguments.clinic is None or arguments.port is None:
            return _list(say)
        return change(arguments.clinic, arguments.port, say, take_away=arguments.take_away)


def _list(say: Say) -> int:
    env = environment()
    say(f"{env.mllp_port}: the only clinic, or where there are several, whoever registers or claims a monitor")
    for port, slug in ports():
        say(f"{port}: {slug}")
    return 0


def change(slug: str, port: int, say: Say, *, take_away: bool = False) -> int:
    """Give a clinic a port, or take it away. 1 with a reason where it cannot be."""
    from sojourn.care.vitals import actions as vitals_actions
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.accounts.queries import system_actor
    from sojourn.foundation.accounts.refused import ActionRefused

    if not LOWEST <= port <= HIGHEST:
        say(f"{port} is no port for this; choose one from {LOWEST} to {HIGHEST}.")
        return 1
    with psycopg.connect(database("signals").conninfo()) as connection:
        row = connection.execute("SELECT id FROM accounts_clinic WHERE slug = %s", (slug,)).fetchone()
    if row is None:
        say(f"There is no clinic called {slug}.")
        return 1
    owner = replace(system_actor(row[0], "sojourn port"), permissions=frozenset({"monitor.manage"}))
    try:
        with acting_as(owner):
            (vitals_actions.drop_port if take_away else vitals_actions.give_port)(by=owner, port=port)
    except ActionRefused as error:
        say(str(error))
        return 1
    say("Done. Start Sojourn again: the listeners open their ports when they start.")
    return 0
