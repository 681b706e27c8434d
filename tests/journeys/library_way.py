"""The journey of test_library_way.py: ``python tests/journeys/library_way.py stranger|patient en|es phone|desk``."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from benchmarks.house import open_house
from tests.browser import launch_options
from tests.journeys.first_contact import ENGLISH, Someone, Words, a_family
from tests.journeys.whole_way import BASE, checked, clean, everybody, staff

if TYPE_CHECKING:
    from sojourn.foundation.accounts.models import Membership

CLINIC = "harbor-light"
PICTURED, BY_STEPS = "beside-ect", "how-it-works"
PASSWORD = "quiet harbor at dusk"
TYPED = {
    "en": {
        "look for": "ECT",
        "nameless": "Does the drip hurt when it goes in?",
        "unclear": "What a response is",
        "to team": "May I keep my glasses on during the session?",
        "story": "I waited for a great change and found a small one. My aunt Veronica saw it first.",
        "wording": "I waited for a great change and found a small one. Somebody in my family saw it first.",
    },
    "es": {
        "look for": "TEC",
        "nameless": "¿Duele cuando entra el suero?",
        "unclear": "Qué es una respuesta",
        "to team": "¿Puedo dejarme los lentes puestos durante la sesión?",
        "story": "Esperaba un gran cambio y encontré uno pequeño. Mi tía Verónica lo vio primero.",
        "wording": "Esperaba un gran cambio y encontré uno pequeño. Alguien de mi familia lo vio primero.",
    },
}
# What a device does with an address that is shared, and with a page that is printed.
DEVICE = (
    "navigator.share = async (what) => { window.shared = what.url; }; window.print = () => { window.printed = 1; };"
)
# A sentence and the numbers behind it, as they stand on the page.
SAID = """() => [...document.querySelectorAll(".article-part span[data-said]")].map(said => {
  const behind = [];
  for (let next = said.nextElementSibling; next?.matches("a.ref"); next = next.nextElementSibling)
    behind.push(document.querySelector(next.hash + " a[href*='/library/evidence/']").pathname.split("/").at(-2));
  return [said.textContent.trim(), behind];
})"""
# What stands in main in the page's own language, text by text.
UNMARKED = """() => {
  const found = [], walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (!walk.currentNode.parentElement.closest("[lang=en]")) found.push(walk.currentNode.data);
  return found;
}"""


@dataclass
class Way:
    browser: Browser
    me: Someone
    words: Words
    typed: dict[str, str]
    kept: str = ""  # the address of the article that stays on the device

    @property
    def page(self) -> Page:
        return self.me.page

    def shelf(self) -> Locator:
        """The first shelf."""
        return self.page.locator("main section[aria-labelledby^=shelf-]").first

    def look(self, name: str) -> None:
        """Axe, and that nothing in another language stands there unmarked."""
        clean(self.page, name)
        assert self.page.locator("html").get_attribute("lang") == self.words.language
        if self.words.language != "en":
            left = [each for each in self.page.evaluate(UNMARKED) if len(ENGLISH.findall(each)) > 1]
            assert not left, (name, left)

    def title(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)


def _article(slug: str, language: str):  # type: ignore[no-untyped-def]
    from sojourn.foundation.library.article import library

    return library()[slug][language]


# ---------------------------------------------------------------- a stranger


def follows_the_clinics_link(w: Way) -> None:
    w.me.go(f"/library/at/{CLINIC}/")
    expect(w.page).to_have_url(f"{BASE}/library/")
    expect(w.page.locator(".brand")).to_contain_text("Harbor Light")
    expect(w.shelf().get_by_role("heading", level=2)).to_have_text(w.words("To understand it"))  # no stage of anybody's
    w.look("library, a stranger")


def finds_and_reads(w: Way) -> None:
    """By a word. Every sentence that claims something is followed by what it rests on, and by nothing else."""
    w.page.get_by_role("searchbox").fill(w.typed["look for"])
    w.me.tap("Search")
    found = _article(PICTURED, w.words.language)
    w.page.locator("main .card-title").get_by_role("link", name=found.title, exact=True).click()
    w.title(found.title)
    shown = w.page.evaluate(SAID)
    claimed = [[each.text, list(each.evidence)] for each in found.sentences if each.evidence]
    assert [each for each in shown if each[1]] == claimed, "a claim without its link, or with another's"
    w.look("article, a stranger")


def opens_what_a_sentence_rests_on(w: Way) -> None:
    """In its place, and from there its own page, which quotes the sentence."""
    from sojourn.foundation.library.evidence import entries

    claim = next(each for each in _article(PICTURED, w.words.language).sentences if each.evidence)
    w.page.locator(".article-part a.ref").first.click()
    opened = w.page.locator("dialog[open]")
    expect(opened).to_be_visible()
    opened.get_by_role("link", name=w.words("All that we hold about it")).click()
    w.page.wait_for_url(f"{BASE}/library/evidence/{claim.evidence[0]}/")
    w.me.reads(claim.text)
    w.look("entry, a stranger")
    assert claim.evidence[0] in entries()
    w.page.go_back()


def reads_the_hundred(w: Way) -> None:
    """Drawn and in words: as many as the words say, and a hundred together."""
    pictures = w.page.locator("figure.hundred")
    for picture in (pictures.nth(0), pictures.nth(1)):
        drawing = picture.get_by_role("img")
        spoken = drawing.get_attribute("aria-label") or ""
        assert spoken.startswith(w.words("One hundred people.")), spoken
        responded, remitted, same = (
            drawing.locator(f"g.is-{each}").count() for each in ("responded", "remitted", "same")
        )
        worse = drawing.locator("g.is-worse").count()
        assert responded + remitted + same + worse == 100
        said = [int(re.match(r"\D*(\d+)", each)[1]) for each in picture.locator(".hundred-legend li").all_inner_texts()]  # type: ignore[index]
        assert said == [each for each in (responded + remitted, remitted, same, worse) if each], said
        for number in said:
            assert str(number) in spoken


def moves_the_drawing(w: Way) -> None:
    w.me.go(f"/library/{BY_STEPS}/")
    figure = w.page.locator("[data-steps]")
    steps = figure.locator("[data-step]")
    expect(steps.nth(1)).to_be_hidden()
    w.me.tap("Next step", figure)
    expect(steps.nth(1)).to_be_visible()
    expect(figure.locator("[data-drawn=ketamine]")).not_to_have_class("is-off")


def hands_it_on(w: Way) -> None:
    """Shared by its address alone; on paper with all that it rests on, also what was folded."""
    w.me.tap("Share")
    w.page.wait_for_function("window.shared")
    assert w.page.evaluate("shared") == f"{BASE}/library/{BY_STEPS}/"
    w.me.tap("Print")
    w.page.wait_for_function("window.printed")
    w.page.emulate_media(media="print")
    steps = w.page.locator("[data-step]")
    for number in range(steps.count()):
        expect(steps.nth(number)).to_be_visible()
    expect(w.page.locator("#source-1")).to_be_visible()
    expect(w.page.locator("[data-steps-move]")).to_be_hidden()
    w.page.emulate_media(media="screen")


def reads_on_without_a_connection(w: Way) -> None:
    """What is open stays whole, down to what a sentence rests on. A stranger's device keeps nothing beyond it."""
    w.page.context.set_offline(True)
    w.page.locator(".article-part a.ref").first.click()
    expect(w.page.locator("dialog[open]")).to_be_visible()
    w.page.keyboard.press("Escape")
    w.me.tap("Next step", w.page.locator("[data-steps]"))
    expect(w.page.locator("[data-step]").nth(2)).to_be_visible()
    w.page.context.set_offline(False)
    assert w.page.evaluate("caches.keys().then(all => all.length)") == 0


def says_that_it_was_not_clear(w: Way) -> None:
    part = w.page.locator("[data-at-part]").first
    part.get_by_role("link", name=w.words("Was this clear?")).click()
    part.get_by_role("link", name=w.words("No"), exact=True).click()
    part.get_by_role("textbox").fill(w.typed["unclear"])
    w.me.tap("Send without my name", part)
    expect(part.get_by_role("status")).to_contain_text(
        w.words("Thank you. Whoever edits this library reads it, and does not know who you are.")
    )


def asks_without_a_name(w: Way) -> None:
    part = w.page.locator("[data-at-part]").nth(1)
    part.get_by_role("link", name=w.words("Ask about this")).click()
    w.me.fill("Your question, without a name", w.typed["nameless"])
    w.look("ask, a stranger")
    w.me.tap("Send without my name")
    w.me.reads("Your question has arrived")


def reads_the_law_of_the_place(w: Way) -> None:
    """The clinic's own place stands first, with its day."""
    w.me.go("/library/law/")
    first = w.page.locator("main .card-link").first
    expect(first).to_contain_text(w.words("Your clinic's place"))
    first.get_by_role("link").click()
    w.page.wait_for_url(re.compile("/library/law/us"))
    expect(w.page.locator("main .lead").first).to_contain_text("20")
    here = w.page.url.removeprefix(BASE)
    expect(w.page.locator(f"main a[href='{here}']")).to_have_count(0)  # what holds above it is another place
    w.look("law, a stranger")


# ---------------------------------------------------------------- a patient


def somebody_new(language: str) -> Membership:
    """A patient of the demo clinic with a sign-in, who has told nothing yet."""
    from django.utils import timezone

    from sojourn.care.patients.models import Patient
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.accounts.models import Membership, Person
    from sojourn.foundation.accounts.queries import system_actor

    clinic, family = staff("nurse").clinic, a_family()
    with acting_as(system_actor(clinic.pk)):
        patient = Patient.objects.create(
            clinic=clinic, record_number=family, given_name="Alma", family_name=family, birth_date=date(1984, 5, 17),
            language=language, created_at=timezone.now(),
        )  # fmt: skip
        person = Person.objects.create_user(f"{family.lower()}@example.com", PASSWORD)
        return Membership.objects.create(
            clinic=clinic, person=person, role="patient", name=patient.name, patient_id=patient.pk
        )


def comes_from_today(w: Way) -> None:
    """The shelf of where they are on the way stands first, and says so."""
    w.me.sign_in(somebody_new(w.words.language).person.email)
    w.me.speaks_their_language()
    w.me.go("/today/")
    w.me.open("What is known of this treatment")
    w.page.wait_for_url("**/library/")
    expect(w.shelf()).to_contain_text(w.words("This fits where you are on your way."))
    expect(w.shelf().get_by_role("heading", level=2)).to_have_text(w.words("Is it for me?"))
    w.look("library, a patient")


def asks_the_care_team(w: Way) -> None:
    card = w.shelf().locator(".card-title a").first
    title = card.inner_text()
    card.click()
    w.title(title)
    expect(w.page.locator("[data-kept-here]")).to_be_visible()
    w.kept = w.page.url
    w.look("article, a patient")
    w.page.locator("[data-at-part]").first.get_by_role("link", name=w.words("Ask about this")).click()
    w.me.fill("Your question", w.typed["to team"])
    w.look("ask, a patient")
    w.me.tap("Send to my care team")
    w.me.reads("Your question is with your care team")
    w.me.open("Open your messages")
    w.page.wait_for_url("**/today/messages/")
    expect(w.page.locator("main")).to_contain_text(w.typed["to team"])
    expect(w.page.locator("main")).to_contain_text(title)


def reads_what_was_kept(w: Way) -> None:
    """Without a connection: the article that was opened, as nobody's; of what was not opened, whom to call."""
    w.page.context.set_offline(True)
    w.page.goto(w.kept)
    expect(w.page.locator(".article-part").first).to_be_visible()
    expect(w.page.locator("body")).not_to_contain_text("Alma")
    w.page.goto(f"{BASE}/library/{BY_STEPS}/")
    expect(w.page.locator(".article-part")).to_have_count(0)
    expect(w.page.locator("a[href^='tel:']").first).to_be_visible()
    w.page.context.set_offline(False)


def tells_a_story(w: Way) -> None:
    """Sent; the clinic proposes a wording; the patient's yes to exactly this shows it, beside one hundred people."""
    from sojourn.care.reading import voice_actions, voice_queries
    from sojourn.foundation.accounts.actor import acting_as

    w.me.go("/library/")
    w.page.get_by_role("link", name=w.words("Stories and views"), exact=True).click()
    w.page.wait_for_url("**/library/voices/")
    stories = w.page.locator("[aria-labelledby=stories] [data-voice-card]")
    for each in stories.all():
        expect(each.get_by_role("img")).to_have_attribute(
            "aria-label", re.compile(re.escape(w.words("One hundred people.")))
        )
        expect(each).to_contain_text(w.words("Invented example"))
    w.look("voices, a patient")
    w.me.open("Tell your own, or take it back")
    w.me.fill("Your story", w.typed["story"])
    w.page.locator("#agreed").check(force=True)
    w.me.tap("Send it to be read")
    w.me.reads("Somebody of the clinic reads it")
    with acting_as(staff("nurse").actor("nurse")) as nurse:
        mine = next(each for each in voice_queries.sent_voices() if each.text == w.typed["story"])
        voice_actions.propose(by=nurse, voice_id=mine.voice.pk, seen=mine.seen, text=w.typed["wording"])
    w.page.reload()
    w.me.reads("Exactly this would be shown")
    w.look("story, a patient")
    w.me.tap("Yes, show exactly this text")
    w.me.reads("It is shown")
    w.me.go("/library/voices/")
    mine_shown = stories.filter(has_text=w.typed["wording"])
    expect(mine_shown.get_by_role("img")).to_be_visible()
    expect(mine_shown).to_contain_text(w.words("Invented example"))  # all are, in a clinic that the demo made


def takes_it_back(w: Way) -> None:
    w.me.open("Tell your own, or take it back")
    w.me.tap("Take it back")
    expect(w.me.field("Your story")).to_have_value("")
    w.me.go("/library/voices/")
    w.me.reads("Stories of patients")
    expect(w.page.locator("main")).not_to_contain_text(w.typed["wording"])


# ---------------------------------------------------------------- steps

STEPS = {
    "stranger": (
        follows_the_clinics_link,
        finds_and_reads,
        opens_what_a_sentence_rests_on,
        reads_the_hundred,
        moves_the_drawing,
        hands_it_on,
        reads_on_without_a_connection,
        says_that_it_was_not_clear,
        asks_without_a_name,
        reads_the_law_of_the_place,
    ),
    "patient": (comes_from_today, asks_the_care_team, reads_what_was_kept, tells_a_story, takes_it_back),
}


def main(who: str, language: str, width: str) -> None:
    with open_house():
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
            words = Words(language)
            w = Way(browser, Someone(browser, width, words), words, TYPED[language])
            w.page.add_init_script(DEVICE)
            began = time.monotonic()
            try:
                for step in STEPS[who]:
                    step(w)
            except BaseException:
                for person in everybody:
                    print(person.page.url)
                raise
            browser.close()
        took = time.monotonic() - began
    print(f"{who} in {language}; axe clean on {sum(checked.values())} pages; {took:.0f} s of walking")


if __name__ == "__main__":
    main(*sys.argv[1:])
