"""Make a clinic, and confirm its first people."""

from __future__ import annotations

import argparse

from sojourn.config.cli.telling import say, set_up_django


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``init`` and ``confirm``."""
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
                set_up_django()
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
            set_up_django()
            who = installation.confirm_first(email=arguments.email, role=arguments.role, clinic=arguments.clinic)
    except (postgres.PostgresFailed, installation.CannotPrepare) as error:
        say(str(error))
        return 1
    say(f"Confirmed: {who}. It stands in the audit of the clinic.")
    return 0
