"""Run the house, and load the demo."""

from __future__ import annotations

import argparse
import os

from sojourn.config.cli.telling import say, set_up_django
from sojourn.config.environment import environment


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``up`` and ``demo``."""
    up = commands.add_parser("up", help="run everything: database, web, monitors' listener, watch, jobs")
    up.add_argument("--demo", action="store_true", help="with the demo clinic and a virtual bedside monitor")
    up.set_defaults(run=_up)

    demo = commands.add_parser("demo", help="load the demo clinics into an empty database (or show their sign-ins)")
    demo.add_argument("--scale", type=int, default=1, help="how many times the usual number of patients")
    demo.add_argument("--seed", type=int, default=1, help="seed of the invented history")
    demo.set_defaults(run=_demo)


def _up(arguments: argparse.Namespace) -> int:
    from sojourn.config.installation import CannotPrepare
    from sojourn.config.processes import house, postgres

    if arguments.demo:
        os.environ["SOJOURN_DEMO"] = "1"
        environment.cache_clear()
    try:
        house.up(say)
    except (postgres.PostgresFailed, CannotPrepare, house.CannotStart) as error:
        say(f"\nSojourn could not start: {error}")
        return 1
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    os.environ["SOJOURN_DEMO"] = "1"
    environment.cache_clear()
    from sojourn.config import installation
    from sojourn.config.processes import postgres

    with postgres.available():
        installation.prepare(say)
        set_up_django()
        from sojourn.config import demo

        demo.load(say, scale=arguments.scale, seed=arguments.seed)
        say(demo.sign_ins())
    return 0
