"""``python -m tests.kills 200 [seed]``: a patient writes while the browser or a process of the server is killed at
drawn moments, and everything is counted (needs 1 and 10).

A message is *owed* once the page has shown it, or the device held it when we last looked. Owed and lost, or there
twice, or said to wait while nothing waits: the run ends with 1. Each message says its number, by which it is found.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error, Page, sync_playwright

from benchmarks.house import PORT, House, open_house
from tests.screenshots import sign_in

if TYPE_CHECKING:
    from tests.interfaces.test_outbox_browser import Phone

BASE = f"http://127.0.0.1:{PORT}"
WHO = "patient@harbor.demo"
LONGEST_MS = 900
NOW_WAITING = (
    "document.querySelector('[data-outbox]').hidden ? '0' : document.querySelector('[data-outbox-count]').textContent"
)


@dataclass
class Drill:
    """What was done and seen. ``owed``: the numbers of the messages that must be there in the end."""

    house: House
    kept: str  # asks a page for how many keys and entries lie in its browser
    messages: str  # the address where one writes
    drawn: random.Random
    tag: str
    owed: set[int] = field(default_factory=set)
    killed: Counter[str] = field(default_factory=Counter)
    cookies: list[Any] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def text(self, number: int) -> str:
        return f"{self.tag} {number:03d}"

    def write(self, page: Page, number: int) -> None:
        """One message, and a kill at a drawn moment behind the press."""
        before = page.evaluate(self.kept)[1]
        page.get_by_role("textbox", name=re.compile("message|mensaje")).fill(self.text(number))
        page.locator("form[data-again] button.btn-primary").click(no_wait_after=True)
        page.wait_for_timeout(self.drawn.uniform(0, LONGEST_MS))
        with contextlib.suppress(Error):  # between two pages there is nothing to look at: then it is not owed
            shown = page.get_by_text(self.text(number), exact=True).count() > 0
            held = page.evaluate(self.kept)[1] > before
            if shown or held:
                self.owed.add(number)

    def kill_server(self) -> None:
        """One of the processes that answer, or all of them and their keeper."""
        web = self.house.processes["web"]
        found = subprocess.run(["pgrep", "-P", str(web.pid)], capture_output=True, text=True, check=False)
        workers = [int(each) for each in found.stdout.split()]
        if workers and self.drawn.random() < 0.8:
            self.killed["worker"] += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.drawn.choice(workers), signal.SIGKILL)
            return
        self.killed["server"] += 1
        for pid in (web.pid, *workers):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        web.wait()
        from sojourn.config.processes.house import web_arguments

        self.house.start("web", *web_arguments())
        self.house.until_well()

    def look(self, page: Page) -> None:
        """What the page says waits is what waits."""
        for _ in range(20):
            with contextlib.suppress(Error):
                held, said = page.evaluate(self.kept)[1], str(page.evaluate(NOW_WAITING))
                told = next((int(each) for each in re.findall(r"\d+", said)), 1)
                if (told, held) in {(0, 0), (held, held)}:
                    return
            page.wait_for_timeout(100)
        self.wrong.append(f"the page said {said!r} while {held} waited")


def opened(phone: Phone, drill: Drill) -> Page:
    page = phone.open(None)
    assert phone.context is not None
    if drill.cookies:
        phone.context.add_cookies(drill.cookies)
    return arrived(page, drill)


def arrived(page: Page, drill: Drill) -> Page:
    """On the page where one writes, whatever was killed meanwhile."""
    ends = time.monotonic() + 60
    while True:
        try:
            answer = page.goto(f"{BASE}{drill.messages}")
            if "login" in page.url:
                sign_in(page, WHO)
                drill.cookies = page.context.cookies()
                continue
            if answer is not None and answer.ok and page.locator("form[data-again]").count():
                page.wait_for_timeout(150)  # the page has looked into the outbox
                return page
        except Error:
            pass
        if time.monotonic() > ends:
            raise RuntimeError("the page did not come back")
        time.sleep(0.3)


def run(kills: int, seed: str) -> int:
    with open_house() as house, sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        from tests.interfaces.test_outbox_browser import KEPT, MESSAGES, Phone

        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread; nothing asks at once
        drill = Drill(house, KEPT, MESSAGES, random.Random(seed), f"kill {seed}")
        phone = Phone(playwright.chromium, Path(folder) / "profile", BASE)
        page = opened(phone, drill)
        for number in range(kills):
            drill.write(page, number)
            if drill.drawn.random() < 0.5:
                drill.killed["browser"] += 1
                phone.kill()
                page = opened(phone, drill)
            else:
                drill.kill_server()
                page = arrived(page, drill)
            drill.look(page)
        ends = time.monotonic() + 90
        while page.evaluate(drill.kept)[1] and time.monotonic() < ends:
            page.wait_for_timeout(500)
        left = page.evaluate(drill.kept)[1]
        phone.close()
        return told(drill, left, kills)


def told(drill: Drill, left: int, kills: int) -> int:
    from sojourn.care.messaging.models import Communication
    from sojourn.config.demo.people import HARBOR
    from sojourn.config.demo.today import _clinic_id
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.accounts.queries import system_actor

    with acting_as(system_actor(_clinic_id(HARBOR), "kills")):
        bodies = Counter(Communication.objects.filter(body__startswith=drill.tag).values_list("body", flat=True))
    lost = [number for number in sorted(drill.owed) if not bodies[drill.text(number)]]
    twice = [body for body, count in bodies.items() if count > 1]
    print(
        f"{kills} kills ({dict(drill.killed)}): {len(drill.owed)} owed, {len(bodies)} there, {len(lost)} lost,"
        f" {len(twice)} twice, {left} still waiting, {len(drill.wrong)} times said wrong"
    )
    for line in (*map(drill.text, lost), *twice, *drill.wrong):
        print(f"  {line}")
    return 1 if lost or twice or left or drill.wrong else 0


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else time.strftime("%H%M")))
