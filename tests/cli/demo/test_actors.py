"""Actors with an invitation: each lives up to their habit once, and else takes it as it comes."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import httpx
import pytest

from cli.demo.actors import Actor
from cli.demo.browser import Browser
from cli.demo.evidence import Colleague, Stretch
from cli.demo.inbox import Letter, Part
from cli.demo.initiatives import Initiative
from cli.demo.outlook import Habit, Manners, Outlook
from cli.demo.page import read_page
from cli.demo.temperaments import Temperament
from cli.demo.world import World

NOW = datetime(2030, 2, 14, 9, 30, tzinfo=UTC)
HOUR = Stretch(datetime(2030, 3, 20, 9, tzinfo=UTC), datetime(2030, 3, 20, 9, 45, tzinfo=UTC))
ANN = Colleague(
    oid="o",
    mail="ann@meadow.example",
    name="Ann Zimi",
    manager=None,
    zone=ZoneInfo("Europe/Berlin"),
    weekdays=frozenset(range(5)),
    opens=time(9),
    closes=time(17),
    hired=date(2024, 1, 1),
    leave=(),
    holidays=frozenset(),
    busy=(),
)


@dataclass
class Buttons:
    """Stands in for Outlook and keeps what was pressed."""

    not_before: datetime = datetime(2030, 2, 18, tzinfo=UTC)
    pressed: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    status: int = 200

    async def press(self, _person: str, act: str, **facts: Any) -> int:
        self.pressed.append((act, facts))
        return self.status


async def clock() -> datetime:
    return NOW


def actor(habit: Habit, buttons: Buttons) -> Actor:
    browser = Browser(ANN.mail, "http://site", httpx.MockTransport(lambda _: httpx.Response(200)))
    world = World(1, clock, {ANN.mail: ANN}, {})
    return Actor(ANN, Temperament.PROMPT, browser, world, cast(Outlook, buttons), Manners(habit))


def invitation(talk: str = "C1", hour: Stretch | None = HOUR) -> Letter:
    return Letter("M", "Check-in: Ann and Mara", NOW, True, (), f"/check-ins/{talk}", hour)


async def read(someone: Actor, *letters: Letter) -> list[str]:
    """What they did about these, in the words of the diary."""
    for letter in letters:
        await someone._read(letter)
    return [entry.did for entry in someone.take_diary() if entry.did != "was_invited"]


@pytest.mark.parametrize(
    ("habit", "act", "did"),
    [
        (Habit.DECLINES, "decline", "declined_invitation"),
        (Habit.DECLINES_SILENTLY, "decline", "declined_silently"),
        (Habit.DELETES, "delete", "deleted_invitation"),
        (Habit.DRAGS, "drag", "dragged_copy"),
        (Habit.PROPOSES, "propose", "proposed_hour"),
        (Habit.PROPOSES_AT_NIGHT, "propose", "proposed_hour"),
        (Habit.GOES_ON_LEAVE, "go_on_leave", "went_on_leave"),
    ],
)
async def test_each_habit_shows_once_and_with_the_first_hour_alone(habit: Habit, act: str, did: str) -> None:
    buttons = Buttons()
    ann = actor(habit, buttons)
    later = Stretch(HOUR.start + timedelta(days=1), HOUR.end + timedelta(days=1))
    assert await read(ann, invitation(), invitation(hour=later), invitation("C2", later)) == [did]
    assert [each for each, _ in buttons.pressed] == [act]


async def test_declining_without_a_response_sends_none() -> None:
    loud, silent = Buttons(), Buttons()
    await read(actor(Habit.DECLINES, loud), invitation())
    await read(actor(Habit.DECLINES_SILENTLY, silent), invitation())
    assert "sendResponse" not in loud.pressed[0][1]
    assert silent.pressed[0][1]["sendResponse"] is False


async def test_a_talk_too_soon_or_called_off_shows_no_habit() -> None:
    buttons = Buttons()
    soon = Stretch(datetime(2030, 2, 17, 9, tzinfo=UTC), datetime(2030, 2, 17, 9, 45, tzinfo=UTC))
    ann = actor(Habit.DECLINES, buttons)
    assert await read(ann, invitation(hour=soon), invitation("C2", None)) == []
    assert await read(ann, invitation()) == [], "it is the second hour of that talk"
    assert buttons.pressed == []
    assert await read(ann, invitation("C3")) == ["declined_invitation"]


async def test_whoever_keeps_hours_keeps_them() -> None:
    buttons = Buttons()
    assert await read(actor(Habit.KEEPS, buttons), invitation()) == []
    assert buttons.pressed == []


async def test_nobody_looks_at_their_inbox_on_leave() -> None:
    ann = actor(Habit.GOES_ON_LEAVE, Buttons())
    friday = datetime(2030, 3, 15, 20, tzinfo=UTC)
    before = ann.next_look(friday)
    await read(ann, invitation())
    after = ann.next_look(friday)
    assert before is not None
    assert after is not None
    assert (before.date(), after.date()) == (date(2030, 3, 18), date(2030, 3, 25))


class Site:
    """Stands in for the web face: one page, and what was posted to it."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.posted: list[dict[str, list[str]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.posted.append(parse_qs(request.content.decode()))
        return httpx.Response(200, text=self.html)


def at_their_desk(site: Site, temperament: Temperament = Temperament.PROMPT) -> Actor:
    browser = Browser(ANN.mail, "http://site", httpx.MockTransport(site))
    return Actor(ANN, temperament, browser, World(1, clock, {ANN.mail: ANN}, {}))


def letter_about(part: Part) -> Letter:
    return Letter("M", "Something", NOW, False, (part,))


async def test_of_the_time_before_one_title_is_for_the_new_manager_and_all_else_is_not() -> None:
    boxes = "".join(
        f'<label><input type="checkbox" name="show-{name}" value="yes" checked> <span>{words}</span></label>'
        for name, words in (("goal/1", "Grow"), ("action/2", "Try this (by 3 March)"), ("note/3", "A note by Mara"))
    )
    site = Site(f'<form method="post" action="/handovers/7">{boxes}</form>')
    ann = at_their_desk(site)
    await ann._read(letter_about(Part("handover", "/handovers/7", "", ())))
    (entry,) = (each for each in ann.take_diary() if each.did == "chose_for_successor")
    assert {entry.fields["chosen"], entry.fields["withheld"]} == {"Grow", "Try this"}
    (ticked,) = site.posted
    assert list(ticked) == [{"Grow": "show-goal/1", "Try this": "show-action/2"}[entry.fields["chosen"]]]


@pytest.mark.parametrize(
    ("who", "did", "sent"),
    [
        (Temperament.PROMPT, ["took_over_action"], {"who": ["me"], "due_on": ["2030-03-16"]}),
        (Temperament.OVERLOADED, ["let_orphan_go"], {"who": ["nobody"], "due_on": ["2030-02-23"]}),
        (Temperament.SILENT, [], None),
    ],
)
async def test_what_a_leaver_had_taken_on_is_taken_on_for_a_later_day_or_let_go(
    who: Temperament, did: list[str], sent: dict[str, list[str]] | None
) -> None:
    site = Site('<form method="post" action="/actions/8/owner"><input name="due_on" value="2030-02-23"></form>')
    ann = at_their_desk(site, who)
    words = 'Kim, who had taken on "A thing" by 23 February, does not work here any more. What fits now?'
    await ann._read(letter_about(Part("orphan", "/actions/8", words, ())))
    assert [each.did for each in ann.take_diary() if each.did not in ("read_letter", "opened_page")] == did
    assert site.posted == ([sent] if sent else [])


async def test_whoever_left_looks_at_no_inbox() -> None:
    ann = actor(Habit.KEEPS, Buttons())
    assert ann.next_look(NOW) is not None
    ann.person = replace(ann.person, left=NOW)
    assert ann.next_look(NOW) is None


async def test_who_is_asked_for_feedback_gives_it_or_lets_it_lie() -> None:
    request = letter_about(Part("feedback", "/feedback/7", "", ()))
    page = '<form method="post" action="/feedback/7/answer"><textarea name="behaviour"></textarea></form>'
    giving, silent = Site(page), Site(page)
    ann = at_their_desk(giving)
    await ann._read(request)
    (entry,) = (each for each in ann.take_diary() if each.did == "gave_feedback")
    assert entry.canaries[0].sentence == giving.posted[0]["behaviour"][0]
    await at_their_desk(silent, Temperament.FORGETFUL)._read(request)
    assert silent.posted == []


async def test_who_is_invited_to_support_says_yes() -> None:
    site = Site(
        '<form method="post" action="/supporting/7/decline"></form><form method="post" action="/supporting/7/accept">'
    )
    ann = at_their_desk(site)
    await ann._read(letter_about(Part("supporter", "/supporting/7", "", ())))
    (entry,) = (each for each in ann.take_diary() if each.did == "accepted_invitation_to_support")
    assert (entry.link, entry.target) == ("/supporting/7/accept", "7")


async def test_an_initiative_is_taken_once_from_its_instant_on_whether_or_not_there_was_mail() -> None:
    site = Site(
        '<h1>Lead more</h1><a href="/goals/7">Lead more</a>'
        '<form method="post" action="/goals/7/supporters"><input name="who"></form>'
        '<form method="post" action="/feedback"><input name="name-1"></form>'
    )
    browser = Browser(ANN.mail, "http://site", httpx.MockTransport(site))
    world = World(1, clock, {ANN.mail: ANN}, {})
    due = [
        (NOW, Initiative(8, "support", ("otto@meadow.example",))),
        (NOW + timedelta(days=1), Initiative(9, "feedback", ("mara@meadow.example", "kim@meadow.example"))),
    ]
    ann = Actor(ANN, Temperament.PROMPT, browser, world, initiatives=due)
    for at in (NOW - timedelta(hours=1), NOW, NOW + timedelta(hours=1), NOW + timedelta(days=2)):
        await ann.act([], at)
    invited, asked = (each for each in ann.take_diary() if each.did != "opened_page")
    assert (invited.did, invited.fields["who"], invited.fields["title"]) == (
        "invited_supporter",
        "otto@meadow.example",
        "Lead more",
    )
    assert asked.did == "asked_for_feedback"
    assert [asked.fields[name] for name in ("name-1", "name-2")] == ["mara@meadow.example", "kim@meadow.example"]


@pytest.mark.parametrize(("mine", "theirs"), [("I do", "Otto, once they agree"), ("Ich", "Otto, sobald es passt")])
@pytest.mark.parametrize("for_the_other", [False, True])
async def test_whose_a_promise_is_is_chosen_by_whose_name_stands_there(
    mine: str, theirs: str, for_the_other: bool
) -> None:
    otto = replace(ANN, mail="otto@meadow.example", name="Otto Berg", manager=ANN.mail)
    html = (
        '<form method="post" action="/check-ins/7/actions"><select name="owner">'
        f'<option value="A">{mine}</option><option value="O">{theirs}</option></select></form>'
    )
    site = Site(html)
    browser = Browser(ANN.mail, "http://site", httpx.MockTransport(site))
    ann = Actor(ANN, Temperament.PROMPT, browser, World(1, clock, {each.mail: each for each in (ANN, otto)}, {}))
    page = read_page(html, "http://site/check-ins/7")
    part = Part("outcome", "/check-ins/7", "", ())
    await ann._promise(page, part, NOW.date(), otto if for_the_other else ann.person, otto, ())
    assert site.posted[0]["owner"] == ["O" if for_the_other else "A"]
