"""Days and hours on pages are written as their reader's region writes them; what machines read is the same for all."""

import html
import re
from datetime import UTC, date, datetime, time
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import select, update
from starlette.requests import Request

from cycle.sentences import Sentence
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.tables import ActionRow, Offer, Person
from tests.browser.pages import WALKERS, addresses
from tests.web.planted import plant
from web.pages import words_of

TALK = "/check-ins/check-in-1"
HALF_PAST_TWO = datetime(2030, 12, 3, 13, 30, tzinfo=UTC)
"""In Berlin; a Tuesday."""

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
BRITISH = re.compile(rf"\b\d{{1,2}} (?:{MONTHS})\b|\b\d{{1,2}}:\d\d\b(?! [AP]M)")
AMERICAN = re.compile(rf"\b(?:{MONTHS}) \d{{1,2}}\b(?!:)|\b[AP]M\b|\u202f")

TOLD_TO_PEOPLE = {"aria-label", "data-words", "title"}
"""Attributes with words in them. The value of a line of text is one more: whoever owns it reads it, and writes anew."""


class Seen(HTMLParser):
    """A page as its reader sees it, `texts`, and `machine`: what programs, forms and addresses take from it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.machine: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self._skipping = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._skipping = tag if tag in ("script", "style") else ""
        words = TOLD_TO_PEOPLE | (
            {"value"} if given.get("type") == "text" or given.get("name") == "form_token" else set()
        )
        self.texts += [given[each] or "" for each in words & given.keys()]
        self.machine.append((tag, tuple(each for each in attrs if each[0] not in words)))

    def handle_endtag(self, tag: str) -> None:
        self._skipping = ""

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.texts.append(" ".join(data.split()))


async def everybody_reads(world: Any, tag: str) -> None:
    async with world.database.transaction() as session:
        await session.execute(update(Person).values(language=tag))


async def lives_by(world: Any, name: str, tag: str) -> None:
    async with world.database.transaction() as session:
        (await session.get_one(Person, world.id_of(name))).language = tag


@pytest.fixture
async def planted(world: Any) -> Any:
    await plant(world)
    async with world.database.transaction() as session:
        for action in await session.scalars(select(ActionRow)):
            action.due_on = date(2030, 4, 3)
        hour = {
            "start": HALF_PAST_TWO.isoformat(),
            "end": HALF_PAST_TWO.isoformat(),
            "reasons": ["on the due date 3 April"],
        }
        await session.execute(update(Offer).values(slots=[hour]))
    return world


@pytest.mark.parametrize("name", WALKERS[1:])
async def test_no_page_shows_an_american_a_british_day_and_machines_see_no_difference(planted: Any, name: str) -> None:
    browser = await planted.browser(name)
    pages: dict[str, list[Seen]] = {}
    # Twice in the first: what is noted by looking has been noted then.
    for tag in ("en-GB", "en-GB", "en-US"):
        await everybody_reads(planted, tag)
        pages[tag] = [Seen((await browser.get(address)).text) for address in addresses(name)]
    days = 0
    for address, british, american in zip(addresses(name), *pages.values(), strict=True):
        assert american.machine == british.machine, address
        shown, foreign = ([BRITISH.findall(text) for text in page.texts] for page in (british, american))
        assert not any(foreign), (address, american.texts)
        assert not any(AMERICAN.search(text) for text in british.texts), address
        days += sum(map(len, shown))
    assert days >= 2, "somebody was shown days"


async def test_one_page_says_its_hour_to_an_american_and_a_briton(world: Any) -> None:
    at = await world.talked("ann", "mara", HALF_PAST_TWO)
    await lives_by(world, "ann", "en-US")
    await lives_by(world, "mara", "en-GB")
    assert "Tuesday, December 3, 2030 at 2:30 PM" in (await (await world.browser("ann")).get(f"/check-ins/{at}")).text
    assert "Tuesday 3 December 2030 at 14:30" in (await (await world.browser("mara")).get(f"/check-ins/{at}")).text


async def test_an_american_who_chooses_german_and_back_is_still_one(world: Any) -> None:
    await lives_by(world, "ann", "en-US")
    ann = await world.browser("ann")
    await ann.post("/language", data={"language": "de", "back": "/"})
    assert "Montag, 11. März 2030 um 10:00" in (await ann.get(TALK)).text
    await ann.post("/language", data={"language": "en", "back": "/"})
    assert "Monday, March 11, 2030 at 10:00 AM" in (await ann.get(TALK)).text


@pytest.mark.parametrize(
    ("tag", "day", "shown", "hint", "later"),
    [
        ("en-US", date(2030, 4, 5), "Friday, April 5, 2030", "March 19, next Friday", date(2030, 6, 7)),
        ("en-GB", date(2030, 5, 4), "Saturday 4 May 2030", "19 March, next Friday", date(2030, 7, 6)),
    ],
)
async def test_a_day_in_numbers_is_the_one_that_its_writer_means(
    world: Any, tag: str, day: date, shown: str, hint: str, later: date
) -> None:
    await lives_by(world, "ann", tag)
    ann = await world.browser("ann")
    assert hint in (await ann.get(TALK)).text
    made = await ann.post(f"{TALK}/actions", data={"title": "Call", "owner": "person-ann", "due_on": "4/5"})
    assert made.status_code == 303
    page = (await ann.get(made.headers["location"])).text
    assert f"by <strong>{shown}</strong>" in page
    async with world.database.reading() as session:
        action = (await session.scalars(select(ActionRow))).one()
    assert action.due_on == day
    assert hint in (await ann.get(f"/actions/{action.id}?choose=new-date")).text
    # What a page shows is understood when it comes back as it is.
    for written, meant in (("6/7", later), (shown, day)):
        await ann.post(f"/actions/{action.id}/new-date", data={"due_on": written})
        async with world.database.reading() as session:
            assert (await session.get_one(ActionRow, action.id)).due_on == meant


async def test_where_the_region_is_not_known_a_day_in_numbers_is_asked_back(world: Any) -> None:
    answer = await (await world.browser("ann")).post(
        f"{TALK}/actions", data={"title": "Call", "owner": "person-ann", "due_on": "4/5"}
    )
    assert answer.status_code == 422
    assert "This could be two days. Write the month as a word, such as 3 April." in answer.text
    await lives_by(world, "ann", "en-CA")
    answer = await (await world.browser("ann")).post(
        f"{TALK}/actions", data={"title": "Call", "owner": "person-ann", "due_on": "4/5"}
    )
    assert "such as April 3." in answer.text


async def test_a_draft_says_when_it_was_kept_as_its_writer_says_an_hour(world: Any) -> None:
    await lives_by(world, "ann", "en-US")
    told = await (await world.browser("ann")).post("/reflections/check-in-1/draft", data={"text-proud": "x"})
    assert told.json()["words"] == "Saved 10:00 AM"


async def test_time_for_an_action_can_be_written_as_an_american_does_and_is_refused_in_their_words(world: Any) -> None:
    await lives_by(world, "ann", "en-US")
    ann = await world.browser("ann")
    made = await ann.post(f"{TALK}/actions", data={"title": "Call", "owner": "person-ann", "due_on": "4/5"})
    action = re.search(r"made=([\w-]+)", made.headers["location"])
    assert action is not None
    at = f"/actions/{action[1]}"
    form = (await ann.get(f"{at}?choose=time")).text
    assert 'value="Tuesday, March 5, 2030"' in form
    assert 'type="time" id="hour" name="hour" value="09:00"' in form
    asked = {"day": "4/3", "hour": "2:30 PM", "minutes": "30"}
    assert "DTSTART:20300403T123000Z" in (await ann.get(f"{at}/time.ics", params=asked)).text
    assert "Write it as 9:00 AM or 2:30 PM." in (await ann.get(f"{at}/time.ics", params=asked | {"hour": "x"})).text
    skipped = await ann.get(f"{at}/time.ics", params=asked | {"day": "3/31", "hour": "02:30"})
    assert "On Sunday, March 31, 2030 the clocks skip 2:30 AM." in skipped.text


async def test_hrs_list_says_hours_to_each_reader_as_they_write_them(world: Any) -> None:
    said = Sentence("{day} at {hour}", day=date(2030, 3, 4), hour=time(14, 30))
    async with world.database.transaction() as session:
        await ask_for_a_hand(session, "k", said, world.clock.at)
    hale = await world.browser("hale")
    for tag, shown in (
        ("en-US", "Monday, March 4, 2030 at 2:30 PM"),
        ("en-GB", "Monday 4 March 2030 at 14:30"),
        ("de-DE", "Montag, 4. März 2030 um 14:30"),
    ):
        await lives_by(world, "hale", tag)
        assert shown in html.unescape((await hale.get("/hr")).text)


@pytest.mark.parametrize(
    ("asked", "locale"),
    [("en-US,en;q=0.9", "en-US"), ("en-GB", "en-GB"), ("fr, de-AT;q=0.5", "de-AT"), ("zh-CN", "en"), ("", "en")],
)
async def test_before_signing_in_the_browser_says_the_region_too(world: Any, asked: str, locale: str) -> None:
    header = (b"accept-language", asked.encode())
    assert words_of(Request({"type": "http", "app": world.app, "headers": [header]})).locale == locale
