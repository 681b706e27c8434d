"""The clinical rules: check them, release them, write their table."""

from __future__ import annotations

import argparse

from sojourn.config.cli.telling import say


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``rulebook``."""
    rules = commands.add_parser("rulebook", help="the clinical rules")
    rule_commands = rules.add_subparsers(dest="rulebook_command", metavar="COMMAND", required=True)
    check = rule_commands.add_parser(
        "check", help="validate every rule and every text to sign, and run every worked example"
    )
    check.set_defaults(run=_rulebook_check)
    release = rule_commands.add_parser(
        "release", help="enter new versions of rules and texts into RELEASED.toml (checkout)"
    )
    release.set_defaults(run=_rulebook_release)
    table = rule_commands.add_parser("table", help="write the coverage table, docs/clinical/rulebook.md (checkout)")
    table.set_defaults(run=_rulebook_table)


def _rulebook_check(arguments: argparse.Namespace) -> int:
    from sojourn.care.consent import texts
    from sojourn.foundation.rulebook.load import check, released_rulebook

    wrong = (*check(), *texts.check())
    for each in wrong:
        say(each)
    if not wrong:
        shipped = released_rulebook()
        say(f"{len(shipped.versions)} rules, every worked example right. Rulebook {shipped.hash[:12]}")
    return 1 if wrong else 0


def _rulebook_release(arguments: argparse.Namespace) -> int:
    from sojourn.care.consent import texts
    from sojourn.foundation.rulebook import release

    return max(release.main(), texts.main())


def _rulebook_table(arguments: argparse.Namespace) -> int:
    from sojourn.foundation.rulebook import coverage

    if not coverage.PAGE.parent.is_dir():
        say(f"There is no {coverage.PAGE.parent} here: the table is written in a checkout.")
        return 1
    coverage.main()
    say(f"Written: {coverage.PAGE}")
    return 0
