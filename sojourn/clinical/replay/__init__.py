"""A whole session from a file: what people did and measured in, what the software says out, beside what was expected.

The same functions judge here that judge in the clinic; nothing is decided in this package. ``read`` makes a scenario of
a file's text, ``replay`` plays it under the rules that it is handed, ``table`` and ``plain`` show the outcome.
"""

from sojourn.clinical.replay.laws import LAWS, loosened, step_of
from sojourn.clinical.replay.reading import read
from sojourn.clinical.replay.replaying import ReplayLine, ReplayOutcome, replay
from sojourn.clinical.replay.report import plain, table
from sojourn.clinical.replay.rules import RulesOfClinic, UnknownRule
from sojourn.clinical.replay.scenario import SCHEMA, Clinic, Expected, Scenario, ScenarioEntry
from sojourn.clinical.replay.tables import ScenarioInvalid

__all__ = [
    "LAWS",
    "SCHEMA",
    "Clinic",
    "Expected",
    "ReplayLine",
    "ReplayOutcome",
    "RulesOfClinic",
    "Scenario",
    "ScenarioEntry",
    "ScenarioInvalid",
    "UnknownRule",
    "loosened",
    "plain",
    "read",
    "replay",
    "step_of",
    "table",
]
