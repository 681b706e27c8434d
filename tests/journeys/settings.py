"""What a journey's own process is told: it has settings, a database and ports of its own."""

from __future__ import annotations

from dataclasses import replace

from tests.environment import RunSettings


def of_the_open_house(port: int) -> dict[str, str]:
    """To walk in the demo house that this run keeps open; where there is none, in one of its own at a port."""
    run = RunSettings.read()
    return (run if run.demo_open else replace(run, demo_port=port)).environment_of_a_house()


def of_an_own_house(port: int) -> dict[str, str]:
    """To walk in a demo house of its own."""
    return replace(RunSettings.read(), demo_open=None, demo_port=port).environment_of_a_house()
