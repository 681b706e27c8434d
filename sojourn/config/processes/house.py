"""`sojourn up`: make ready what is needed, then run everything until Ctrl-C."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from sojourn.config import installation
from sojourn.config.environment import environment
from sojourn.config.processes.ports import ports
from sojourn.config.processes.supervisor import Supervisor

WORKERS = 2


class CannotStart(Exception):
    """Something on this machine is in the way; the message says what to do."""


def up(say: Callable[[str], None]) -> None:
    """Run the house until it is told to stop. Raises CannotStart, PostgresFailed or CannotPrepare."""
    env = environment()
    began = time.monotonic()
    _assets(say)
    _free(env.host, env.port, "PORT")
    _free(env.mllp_host, env.mllp_port, "SOJOURN_MLLP_PORT")
    supervisor = Supervisor(say)
    say("Starting the database")
    supervisor.start_database()
    try:
        installation.prepare(say)
        for port, slug in ports():
            _free(env.mllp_host, port, f"sojourn port {slug}")
        _collect_static()
        if env.demo:
            from sojourn.config import demo

            demo.load(say)
        _add_processes(supervisor)
    except BaseException:
        supervisor.stop()
        raise

    def ready() -> None:
        say(f"\nSojourn runs at {env.public_url}   (ready after {time.monotonic() - began:.1f} s; Ctrl-C stops it)")
        if env.demo:
            from sojourn.config import demo

            say(demo.sign_ins())

    supervisor.run(lambda: _when_answering(ready, env.host, env.port))


def _add_processes(supervisor: Supervisor) -> None:
    env = environment()
    supervisor.add("web", *web_arguments())
    for name in env.listeners:
        supervisor.add(name, "sojourn.config.processes", name)
    supervisor.add("watch", "sojourn.config.processes", "watch")
    supervisor.add("jobs", "sojourn.config.processes", "jobs")
    if env.demo:
        supervisor.add("mail", "sojourn.config.processes", "mail")
        supervisor.add("monitor", "sojourn.config.processes", "demo-monitor")


def web_arguments() -> list[str]:
    """How the web server is started. The flags that are not obvious: streams of 2,000 boards need the backlog, and
    open streams would hold a stop up for ever without the kill timeout."""
    env = environment()
    return [
        "granian", "--interface", "asgi", "--host", env.host, "--port", str(env.port), "--workers", str(WORKERS),
        "--backlog", "4096", "--workers-kill-timeout", "3", "--no-ws", "--log-level", "warning",
        "--respawn-failed-workers",
        "sojourn.config.asgi:application",
    ]  # fmt: skip


def _assets(say: Callable[[str], None]) -> None:
    built = Path(str(resources.files("sojourn.foundation.ui"))) / "static" / "built"
    if (built / "app.css").exists():
        return
    from sojourn.foundation.ui import build

    if not (Path(str(resources.files("sojourn.foundation.ui"))) / "frontend" / "package.json").exists():
        raise CannotStart("the compiled assets are missing from this installation; install a built wheel")
    say("Building the pages' styles and scripts (once)")
    build.build_assets(say)


def _collect_static() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sojourn.config.settings")
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)


def _free(host: str, port: int, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(f"{host}:{port} is taken; set {variable} to another port ({error.strerror})") from error


def _when_answering(ready: Callable[[], None], host: str, port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            break
    ready()
