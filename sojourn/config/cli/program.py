"""The command line: `sojourn COMMAND`. Each command says what it does and what it needs."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sojourn import __version__
from sojourn.config.environment import environment

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


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)


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
    up = commands.add_parser("up", help="run everything: database, web, monitors' listener, watch, jobs")
    up.add_argument("--demo", action="store_true", help="with the demo clinic and a virtual bedside monitor")
    up.set_defaults(run=_up)

    init = commands.add_parser("init", help="make the database ready, and the first clinic and its administrator")
    init.add_argument("--clinic", help="name of the clinic to create")
    init.add_argument("--time-zone", default="UTC", help="its time zone, such as America/Denver")
    init.add_argument(
        "--jurisdiction", help="its country or state, such as US-CO (else the country of its time zone, else US)"
    )
    init.add_argument("--phone", default="", help="the telephone on which its patients reach it")
    init.add_argument("--address", default="", help="where it is found")
    init.add_argument("--hours", default="", help='when somebody answers, such as "Monday to Friday, 8:00 to 17:00"')
    init.add_argument("--admin-email", help="e-mail address of its first administrator, who is invited")
    init.add_argument("--admin-name", help="and their name")
    init.set_defaults(run=_init)

    confirm = commands.add_parser(
        "confirm",
        help="confirm the first prescriber, nurse or therapist of a clinic (everybody after is confirmed there)",
    )
    confirm.add_argument("email", help="the address with which they sign in")
    confirm.add_argument("role", choices=("prescriber", "nurse", "therapist"), help="the role that they have taken up")
    confirm.add_argument("--clinic", default="", help="the clinic's short name, where they wait in several")
    confirm.set_defaults(run=_confirm)

    demo = commands.add_parser("demo", help="load the demo clinics into an empty database (or show their sign-ins)")
    demo.add_argument("--scale", type=int, default=1, help="how many times the usual number of patients")
    demo.add_argument("--seed", type=int, default=1, help="seed of the invented history")
    demo.set_defaults(run=_demo)

    from sojourn.config.processes import virtual_monitor

    virtual_monitor.register(commands)

    backup = commands.add_parser("backup", help="write the whole database into one file")
    backup.add_argument("file", type=Path, help="where to write it; must not exist yet")
    backup.set_defaults(run=_backup)

    restore = commands.add_parser("restore", help="bring a backup back into an empty database")
    restore.add_argument("file", type=Path, help="a file written by `sojourn backup`")
    restore.set_defaults(run=_restore)

    doctor = commands.add_parser("doctor", help="look at everything that must work and say what does not")
    doctor.set_defaults(run=_doctor)

    audit = commands.add_parser("audit", help="the audit trail")
    audit_commands = audit.add_subparsers(dest="audit_command", metavar="COMMAND", required=True)
    verify = audit_commands.add_parser("verify", help="walk every clinic's chain and name the first broken row")
    verify.set_defaults(run=_audit_verify)

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

    from sojourn.config.cli import ports, replay

    ports.register(commands)
    replay.register(commands)

    from sojourn.clinical.pk import command as pk

    pk.register(commands)


def _django(*, owner: bool = False) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sojourn.config.settings")
    if owner:
        os.environ["SOJOURN_OWNER_ALIAS"] = "1"
    import django

    django.setup()


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


def _init(arguments: argparse.Namespace) -> int:
    from sojourn.config import installation
    from sojourn.config.processes import postgres

    if bool(arguments.clinic) != bool(arguments.admin_email):
        say("--clinic and --admin-email go together: a clinic needs somebody who can let others in.")
        return 2
    details = {"phone": arguments.phone, "address": arguments.address, "phone_hours": arguments.hours}
    if any(details.values()) and not all(details.values()):
        say("--phone, --address and --hours go together. Leave all three out, and the administrator writes them.")
        return 2
    try:
        with postgres.available():
            installation.prepare(say)
            if arguments.clinic:
                _django()
                place = arguments.jurisdiction or installation.country_by_clock(arguments.time_zone)
                link = installation.first_clinic(
                    name=arguments.clinic,
                    time_zone=arguments.time_zone,
                    jurisdiction=place,
                    admin_email=arguments.admin_email,
                    admin_name=arguments.admin_name or arguments.admin_email,
                    details=details if all(details.values()) else None,
                )
                say(f"The clinic is made. Its administrator begins here, within seven days:\n  {link}")
                say(
                    "They invite the others. The first prescriber, nurse and therapist are then confirmed by you:\n"
                    "  sojourn confirm EMAIL ROLE"
                )
                say(
                    f"The clinic is in {place}. Its patients are shown these lines. Somebody of the clinic dials\n"
                    "them, and says so on the page Clinic and lines, before a patient is invited:"
                )
                for line in installation.lines_of(place):
                    say(f"  {line}")
    except (postgres.PostgresFailed, installation.CannotPrepare) as error:
        say(str(error))
        return 1
    say("The database is ready.")
    return 0


def _confirm(arguments: argparse.Namespace) -> int:
    from sojourn.config import installation
    from sojourn.config.processes import postgres

    try:
        with postgres.available():
            _django()
            who = installation.confirm_first(email=arguments.email, role=arguments.role, clinic=arguments.clinic)
    except (postgres.PostgresFailed, installation.CannotPrepare) as error:
        say(str(error))
        return 1
    say(f"Confirmed: {who}. It stands in the audit of the clinic.")
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    os.environ["SOJOURN_DEMO"] = "1"
    environment.cache_clear()
    from sojourn.config import installation
    from sojourn.config.processes import postgres

    with postgres.available():
        installation.prepare(say)
        _django()
        from sojourn.config import demo

        demo.load(say, scale=arguments.scale, seed=arguments.seed)
        say(demo.sign_ins())
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    from sojourn.config.cli import operations

    return operations.backup(arguments.file, say)


def _restore(arguments: argparse.Namespace) -> int:
    from sojourn.config.cli import operations

    return operations.restore(arguments.file, say)


def _doctor(arguments: argparse.Namespace) -> int:
    from sojourn.config.cli import operations

    return operations.doctor(say)


def _audit_verify(arguments: argparse.Namespace) -> int:
    from sojourn.config.processes import postgres

    began = time.monotonic()
    with postgres.available():
        _django(owner=True)
        from sojourn.foundation.audit.queries import verify

        verdicts = verify()
    for verdict in verdicts:
        place = f"clinic {verdict.clinic_id}" if verdict.clinic_id else "the house"
        if verdict.whole:
            say(f"{place}: {verdict.rows} rows, unbroken. Newest hash {verdict.head}")
        else:
            say(f"{place}: BROKEN at row {verdict.broken_seq}: {verdict.reason}")
    broken = [verdict for verdict in verdicts if not verdict.whole]
    say(f"{len(verdicts)} chains, {len(broken)} broken, {time.monotonic() - began:.1f} s")
    return 1 if broken else 0


def _rulebook_check(arguments: argparse.Namespace) -> int:
    from sojourn.care.consent import texts
    from sojourn.foundation.rulebook.load import book, check

    wrong = (*check(), *texts.check())
    for each in wrong:
        say(each)
    if not wrong:
        say(f"{len(book().versions)} rules, every worked example right. Rulebook {book().hash[:12]}")
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


if __name__ == "__main__":
    sys.exit(main())
