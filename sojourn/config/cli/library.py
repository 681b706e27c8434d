"""The library of articles: check it, write the table of what rests on what."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime

from sojourn.config.cli.telling import say


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``library``."""
    library = commands.add_parser("library", help="the articles and the evidence that they rest on")
    library_commands = library.add_subparsers(dest="library_command", metavar="COMMAND", required=True)
    check = library_commands.add_parser(
        "check",
        help="sources, reading level, what one language says and the other does not, reviews, promises",
        description="Reads every article in both languages, the pictures, the evidence and the law, and names what is"
        " wrong, a line each. Ends with 1 if any is, but a review that a day has made overdue fails only after 60 days."
        " What a sentence makes of the evidence that it names, only an editor can check.",
    )
    check.set_defaults(run=run_check)
    table = library_commands.add_parser(
        "table", help="write which article rests on which evidence, docs/clinical/library.md (checkout)"
    )
    table.set_defaults(run=_library_table)


def today() -> date:
    """An article is no clinic's: its review is due everywhere at once."""
    moment = datetime.now(UTC)
    return moment.date()


def run_check(arguments: argparse.Namespace) -> int:
    """Name everything that is wrong; 1 where it fails a build."""
    from sojourn.foundation.library import article, check

    wrong = check.of_the_library(today())
    for each in wrong:
        say(str(each))
    if not wrong:
        say(f"{len(article.library())} articles in {len(article.LANGUAGES)} languages, nothing to mend.")
    return 1 if check.failing(wrong, today()) else 0


def _library_table(arguments: argparse.Namespace) -> int:
    from sojourn.foundation.library import table

    if not table.PAGE.parent.is_dir():
        say(f"There is no {table.PAGE.parent} here: the table is written in a checkout.")
        return 1
    table.main()
    say(f"Written: {table.PAGE}")
    return 0
