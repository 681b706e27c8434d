"""Jobs by name: every name that is deferred is a task, and the task takes what it is given."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import pytest
from procrastinate.contrib.django import app

from tests.repo.test_repository import ROOT, tracked

OWN = {"at", "once"}  # of ``defer`` itself


def deferred(source: str) -> Iterator[tuple[str | None, set[str | None]]]:
    """The task and the parameters of every call of ``jobs.defer``; None where it is no plain word."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="jobs"), attr="defer"), args=[name, *_]):
                task = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None
                yield task, {each.arg for each in node.keywords} - OWN


def faults_of(source: str) -> list[str]:
    faults = []
    for task, given in deferred(source):
        if task not in app.tasks:
            faults.append(f"{task} is no task")
        elif given != set(inspect.signature(app.tasks[task].func).parameters):
            faults.append(f"{task} does not take {given}")
    return faults


def test_every_job_that_is_deferred_is_a_task_and_takes_what_it_is_given():
    sources = {path: path.read_text(encoding="utf-8") for path in tracked(".py") if "tests" not in path.parts}
    assert not {str(path.relative_to(ROOT)): faults for path, text in sources.items() if (faults := faults_of(text))}
    names = {task for text in sources.values() for task, _ in deferred(text)}
    assert {"mail.deliver", "booking.remind", "safety.tell"} <= names  # the search finds something at all


def test_a_task_is_deferred_by_its_name_only():
    """``task.defer`` needs the task's module, and so closes circles."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in tracked(".py")
        if str(path.relative_to(ROOT)).startswith("sojourn/") and path != ROOT / "sojourn/foundation/jobs.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in {"defer_async", "configure_task"})
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "configure")
    ]  # fmt: skip
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        'jobs.defer("booking.remindd", clinic_id=1, reminder_id=1)',
        'jobs.defer("mail.text", sealde="")',
        "jobs.defer(it)",
    ],
)
def test_a_name_that_is_no_task_is_found(text: str):
    assert faults_of(text)
