"""Keep a house well: backup and restore, the doctor, the audit."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from pathlib import Path

from sojourn.config.cli.telling import say, set_up_django


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``backup``, ``restore``, ``doctor`` and ``audit``."""
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
        set_up_django(owner=True)
        from sojourn.foundation.audit.queries import verify

        verdicts = verify()
        otherwise = signed_otherwise_lines(verdict.clinic_id for verdict in verdicts)
    for verdict in verdicts:
        place = f"clinic {verdict.clinic_id}" if verdict.clinic_id else "the house"
        if verdict.whole:
            say(f"{place}: {verdict.rows} rows, unbroken. Newest hash {verdict.head}")
        else:
            say(f"{place}: BROKEN at row {verdict.broken_seq}: {verdict.reason}")
    for line in otherwise:
        say(line)
    broken = [verdict for verdict in verdicts if not verdict.whole]
    say(f"{len(verdicts)} chains, {len(broken)} broken, {time.monotonic() - began:.1f} s")
    return 1 if broken or otherwise else 0


def signed_otherwise_lines(clinic_ids: Iterable[int]) -> list[str]:
    """A line for each thing in those clinics that is stored otherwise than it was signed."""
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.accounts.queries import system_actor
    from sojourn.foundation.audit.signed_queries import signed_otherwise

    lines: list[str] = []
    for clinic_id in filter(None, clinic_ids):  # 0 is the house, where nothing is signed
        with acting_as(system_actor(clinic_id)):
            found = signed_otherwise(clinic_id)
        lines += (f"clinic {clinic_id}: {each.called}: NOT WHAT THE AUDIT SAYS WAS SIGNED" for each in found)
    return lines
