"""What `sojourn up` runs: the database, the processes, and the eye on them.

A process that dies is started again, after a moment that grows while it keeps dying. Nothing is lost by that: every
process keeps its state in PostgreSQL alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sojourn.config.environment import environment
from sojourn.config.processes import postgres

_SETTLED_S = 20.0
_LONGEST_WAIT_S = 15.0


@dataclass
class Process:
    """One process of the house, and how often it had to be started lately."""

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    popen: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    not_before: float = 0.0


class Supervisor:
    """Start, watch and stop the processes of one house."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.processes: list[Process] = []
        self.database: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._run_folder = environment().home / "run"

    def add(self, name: str, *module_and_args: str, env: Mapping[str, str] | None = None) -> None:
        """A process to run as ``python -m module args``."""
        self.processes.append(Process(name, [sys.executable, "-m", *module_and_args], env or {}))

    def start_database(self) -> None:
        if environment().embedded:
            self.database = postgres.start()
            if self.database is not None:
                self._note_pid("postgres", self.database.pid)

    def run(self, ready: Callable[[], None]) -> None:
        """Run until SIGINT or SIGTERM; ``ready`` is called once when all were started."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked_to_stop)
        for process in self.processes:
            self._start(process)
        ready()
        try:
            while not self._stopping:
                self._look_after()
                time.sleep(0.25)
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop everything, the database last."""
        running = [process for process in self.processes if process.popen and process.popen.poll() is None]
        for process in running:
            assert process.popen is not None
            process.popen.terminate()
        deadline = time.monotonic() + 12
        for process in running:
            assert process.popen is not None
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.popen.wait(max(0.1, deadline - time.monotonic()))
            _end_group(process.popen.pid)
            process.popen.wait()
        if self.database is not None:
            postgres.stop(self.database)
        for note in self._run_folder.glob("*.pid"):
            note.unlink(missing_ok=True)
        self.say("Stopped.")

    def _asked_to_stop(self, *_: object) -> None:
        self._stopping = True

    def _look_after(self) -> None:
        if self.database is not None and self.database.poll() is not None:
            self._start_database_again()
        now = time.monotonic()
        for process in self.processes:
            if process.popen is not None and process.popen.poll() is None:
                if process.falls and now - process.started > _SETTLED_S:
                    process.falls = 0
                continue
            if process.popen is not None:
                _end_group(process.popen.pid)
                process.falls += 1
                wait = 0.0 if process.falls == 1 else min(_LONGEST_WAIT_S, 0.5 * 2**process.falls)
                process.not_before = now + wait
                self.say(f"{process.name} ended with {process.popen.returncode}; starting it again in {wait:.0f} s")
                process.popen = None
            if now >= process.not_before:
                self._start(process)

    def _start_database_again(self) -> None:
        """After a crash the old server's children hold its memory for a moment; then the next try succeeds."""
        self.say("PostgreSQL has stopped; starting it again")
        try:
            again = postgres.start()
        except postgres.PostgresFailed as error:
            self.say(f"not yet: {str(error).splitlines()[-1]}")
            time.sleep(0.5)
            return
        if again is not None:
            self.database = again
            self._note_pid("postgres", again.pid)

    def _start(self, process: Process) -> None:
        log = environment().home / "log"
        log.mkdir(mode=0o700, parents=True, exist_ok=True)  # a trace may quote what was typed
        with (log / f"{process.name}.log").open("ab") as file:
            process.popen = subprocess.Popen(
                process.command, stdout=file, stderr=file, stdin=subprocess.DEVNULL,
                env={**os.environ, **process.env}, start_new_session=True,
            )  # fmt: skip
        process.started = time.monotonic()
        self._note_pid(process.name, process.popen.pid)

    def _note_pid(self, name: str, pid: int) -> None:
        self._run_folder.mkdir(parents=True, exist_ok=True)
        (self._run_folder / f"{name}.pid").write_text(str(pid), encoding="ascii")


def _end_group(pid: int) -> None:
    """What a process leaves behind when it is killed (a web server's workers) must not go on serving."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
