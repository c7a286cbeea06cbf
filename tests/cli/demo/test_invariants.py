"""Every promise goes red on a quarter in which it was broken, and one that met no case is not kept."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.demo.diary import Act, Entry
from cli.demo.evidence import Evidence, Mailed, Page, SeededAction, Sent, Talk
from cli.demo.invariants import Verdict, changes, colleagues, judge, languages, personnel
from cli.demo.invariants.verdict import Tally

ANN, MARA, OTTO, HALE = (f"{name}@meadow.example" for name in ("ann", "mara", "otto", "hale"))
PRIVATE = "What I keep to myself goes by the name of balomiru."
SHARED = "What carried me lately goes by the name of tekanovi."
STUCK_TITLE = "Shadow somebody in the supplier talks"

Break = Callable[[Evidence], Evidence]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def verdict_of(evidence: Evidence, name: str) -> Verdict:
    found = [verdict for verdict in judge(evidence) if verdict.name == name]
    assert len(found) == 1, f"{name} is not one verdict"
    return found[0]


# Ways to break a quarter


def talks(*changed: Talk) -> Break:
    return lambda quarter: replace(quarter, talks=changed)


def talk_changed(**facts: Any) -> Break:
    return lambda quarter: replace(quarter, talks=(replace(quarter.talks[0], **facts),))


def talk_to(start: str, end: str, **facts: Any) -> Break:
    return talk_changed(start=moment(start), end=moment(end), **facts)


def another_talk(start: str, end: str, check_in: str = "C2", **facts: Any) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        times: dict[str, Any] = {"start": moment(start), "end": moment(end), "check_in": check_in}
        return replace(quarter, talks=(*quarter.talks, replace(quarter.talks[0], **times | facts)))

    return broken


def person_changed(mail: str, **facts: Any) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        return replace(quarter, people=dict(quarter.people) | {mail: replace(quarter.people[mail], **facts)})

    return broken


def with_letters(quarter: Evidence, letters: Sequence[Sent]) -> Evidence:
    """The inboxes follow: only what a test means to break is broken."""
    return replace(quarter, letters=letters, received=[(each.to, each.subject, each.at) for each in letters])


def one_more(at: str, to: str, *keys: str) -> Break:
    more = Sent(keys, to, moment(at), "One more", "<p>Hello.</p>")
    return lambda quarter: with_letters(quarter, [*quarter.letters, more])


def many_more(*letters: tuple[str, str, str]) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        for at, to, key in letters:
            quarter = one_more(at, to, key)(quarter)
        return quarter

    return broken


def without(key: str) -> Break:
    return lambda quarter: with_letters(quarter, [each for each in quarter.letters if key not in each.keys])


def resent(key: str, at: str) -> Break:
    """The letter with this key goes out at another instant."""

    def broken(quarter: Evidence) -> Evidence:
        moved = [replace(each, at=moment(at)) if key in each.keys else each for each in quarter.letters]
        return with_letters(quarter, moved)

    return broken


def readdressed(key: str, to: str) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        moved = [replace(each, to=to) if key in each.keys else each for each in quarter.letters]
        return with_letters(quarter, moved)

    return broken


def act(at: str, person: str, did: Act, link: str, **fields: str) -> Break:
    more = Entry(at=moment(at), person=person, did=did, link=link, fields=fields)
    return lambda quarter: replace(quarter, diary=(*quarter.diary, more))


def seeded(**facts: Any) -> Break:
    """One more action of Otto's in the imported history."""
    usual: dict[str, Any] = {
        "title": "Read a book on negotiation with a mentor",
        "plan_of": OTTO,
        "owner": OTTO,
        "agreed_on": date(2030, 1, 10),
        "due_on": date(2030, 4, 3),
        "quiet_since": date(2030, 1, 10),
    }
    return lambda quarter: replace(quarter, history=(*quarter.history, SeededAction(**usual | facts)))


def mailed(mailbox: str, text: str) -> Break:
    return lambda quarter: replace(quarter, mailed=(*quarter.mailed, Mailed(mailbox, text)))


def page(viewer: str, path: str, text: str) -> Break:
    return lambda quarter: replace(quarter, pages=(*quarter.pages, Page(viewer, path, text)))


def no_pages_of(viewer: str) -> Break:
    return lambda quarter: replace(
        quarter, pages=[each for each in quarter.pages if each.viewer != viewer or "actions" in each.path]
    )


def in_file(kind: str, text: bytes) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        path = getattr(quarter, kind)[0]
        path.write_bytes(path.read_bytes() + text)
        return quarter

    return broken


def history(payload: str) -> Break:
    """One more history, with this payload."""

    def broken(quarter: Evidence) -> Evidence:
        path = quarter.histories[0].with_suffix(".more")
        path.write_text(json.dumps([{"input": {"payloads": [payload]}}]), encoding="utf-8")
        return replace(quarter, histories=(*quarter.histories, path))

    return broken


def both(*ways: Break) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        for way in ways:
            quarter = way(quarter)
        return quarter

    return broken


SINGAPORE = person_changed(MARA, zone=ZoneInfo("Asia/Singapore"), busy=())

ONE_EVENT = "1 one event for each check-in due"
CLEAR = "1 nothing else in either calendar"
HOURS = "1 inside the hours of both, or least outside"
APART = "1 a manager's talks apart"
CAPS = "1 a manager's caps a day and a week"
ONCE = "2 each letter key sent once"
ARRIVED = "2 each message arrived once"
OF_A_TALK = "2 form, pre-read and outcome question for each talk"
WINDOW = "2 inside the reader's mail window"
A_DAY = "2 at most one counted message a person a day"
A_WEEK = "2 what may wait goes only while the week has room"
ALONE = "2 forms and pre-reads travel alone"
ANSWERED = "2 nobody who has answered is reminded"
NOT_BEFORE = "3 no rung before its day, none that was spent"
FIRST = "3 each rung in the first message"
WEEKLY = "3 the weekly letter only after the ladder, once a week"
STALLED = "3 each stalled plan went down the support ladder once"
ORDER = "3 the support ladder in order, with its waits"
HELPED = "3 no further step once helped or stopped"
LETTER = "4 no private sentence in a letter or an event"
OTHER_PAGE = "4 no private sentence on another person's page"
SHARED_WITH = "4 shared sentences only with those they were shared with"
TEMPORAL = "4 only ids in Temporal's histories"
LOG = "4 no written word in a log or a metric"
URL = "4 no written word in a URL or a subject"
DATABASE = "4 the database holds written words only encrypted"
EVENT_HOUR = "5 events keep their wall-clock hour"
LETTER_HOUR = "5 letters keep their local hour"

BROKEN: dict[str, tuple[str, Break]] = {
    "nothing was booked": (ONE_EVENT, talks()),
    "the event was cancelled": (ONE_EVENT, talk_changed(cancelled=True)),
    "a check-in has two events": (ONE_EVENT, another_talk("2030-03-19 09:00", "2030-03-19 09:45", "C1")),
    "somebody has a second check-in": (ONE_EVENT, another_talk("2030-03-19 09:00", "2030-03-19 09:45")),
    "the talk is two months late": (ONE_EVENT, talk_to("2030-05-06 09:00", "2030-05-06 09:45")),
    "the talk is with a stranger": (ONE_EVENT, talk_changed(attendees=(ANN, HALE))),
    "somebody is busy": (CLEAR, talk_to("2030-03-18 09:30", "2030-03-18 10:15")),
    "the partner is on leave": (CLEAR, person_changed(MARA, leave=((date(2030, 3, 11), date(2030, 3, 18)),))),
    "it is a holiday": (CLEAR, person_changed(ANN, holidays=frozenset({date(2030, 3, 18)}))),
    "too early in the morning": (HOURS, talk_to("2030-03-18 07:30", "2030-03-18 08:15")),
    "the night of a distant partner": (
        HOURS,
        both(SINGAPORE, talk_to("2030-03-18 14:00", "2030-03-18 14:45")),
    ),
    "another hour would have done": (
        HOURS,
        both(
            # 11:00 UTC is noon for Ann and 19:00 for Mara; at 09:00 neither of them works.
            person_changed(MARA, zone=ZoneInfo("Asia/Singapore"), opens=time(8), closes=time(16), busy=()),
            person_changed(ANN, opens=time(12), busy=()),
        ),
    ),
    "two of a manager's overlap": (
        APART,
        another_talk("2030-03-18 09:30", "2030-03-18 10:15", attendees=(OTTO, MARA)),
    ),
    "no quarter of an hour between": (
        APART,
        another_talk("2030-03-18 09:50", "2030-03-18 10:35", attendees=(OTTO, MARA)),
    ),
    "three on a day": (
        CAPS,
        both(
            another_talk("2030-03-18 11:00", "2030-03-18 11:45", "C2"),
            another_talk("2030-03-18 13:00", "2030-03-18 13:45", "C3"),
        ),
    ),
    "four in a week": (
        CAPS,
        both(*(another_talk(f"2030-03-{day} 13:00", f"2030-03-{day} 13:45", f"C{day}") for day in (19, 20, 21))),
    ),
    "a key went out twice": (ONCE, one_more("2030-03-13 08:35", ANN, "form/C1")),
    "a message without a key": (ONCE, one_more("2030-03-13 08:35", ANN)),
    "an unknown kind of letter": (ONCE, one_more("2030-03-13 08:35", ANN, "newsletter/1")),
    "a letter was delivered twice": (
        ARRIVED,
        lambda quarter: replace(quarter, received=[*quarter.received, quarter.received[0]]),
    ),
    "a letter never arrived": (ARRIVED, lambda quarter: replace(quarter, received=quarter.received[1:])),
    "no form": (OF_A_TALK, without("form/C1")),
    "the form after the talk": (OF_A_TALK, resent("form/C1", "2030-03-18 12:00")),
    "the manager got no pre-read": (OF_A_TALK, without("pre-read/C1/1/1/P-mara")),
    "asked before it ended": (OF_A_TALK, resent("outcome/C1/1/P-mara", "2030-03-18 09:30")),
    "never asked": (
        OF_A_TALK,
        both(without("outcome/C1/1/P-mara"), lambda quarter: replace(quarter, diary=quarter.diary[:1])),
    ),
    "mailed at six": (WINDOW, resent("form/C1", "2030-03-11 05:00")),
    "mailed in the last hour": (WINDOW, resent("form/C1", "2030-03-11 15:30")),
    "mailed on a Sunday": (WINDOW, resent("form/C1", "2030-03-10 08:35")),
    "mailed on a holiday": (WINDOW, one_more("2030-04-22 07:35", ANN, "weekly/P-ann/2030-04-22")),
    "mailed on leave": (WINDOW, person_changed(OTTO, leave=((date(2030, 3, 11), date(2030, 3, 18)),))),
    "mailed to nobody we know": (WINDOW, one_more("2030-03-13 08:35", "eve@elsewhere.example", "form/C9")),
    "two on a day": (A_DAY, one_more("2030-03-18 13:00", ANN, "weekly/P-ann/2030-03-18")),
    "a fourth that could have waited": (
        A_WEEK,
        many_more(
            ("2030-03-19 08:35", ANN, "learning/P-ann/2030-Q1"),
            ("2030-03-20 08:35", ANN, "action/A8/2030-03-27/-7"),
            ("2030-03-21 08:35", ANN, "action/A8/2030-03-12/9"),
        ),
    ),
    "a form in company": (ALONE, one_more("2030-03-13 08:35", OTTO, "form/C7", "weekly/P-otto/2030-03-11")),
    "reminded of an answered form": (ANSWERED, one_more("2030-03-14 08:35", ANN, "form-reminder/C1")),
    "asked again after saying it was held": (
        ANSWERED,
        one_more("2030-03-21 08:35", ANN, "outcome/C1/2/P-ann"),
    ),
    "chased for something done": (ANSWERED, one_more("2030-04-12 07:35", ANN, "action/A1/2030-04-10/2")),
    "a rung before its day": (NOT_BEFORE, resent("action/A1/2030-04-10/-7", "2030-04-02 07:35")),
    "a rung for somebody else": (NOT_BEFORE, readdressed("action/A1/2030-04-10/-7", MARA)),
    "a rung that was spent before the import": (
        NOT_BEFORE,
        one_more("2030-02-05 08:35", OTTO, "action/A2/2030-01-19/9"),
    ),
    "a rung a day late": (FIRST, resent("action/A1/2030-04-10/-7", "2030-04-04 07:35")),
    "a rung never": (FIRST, without("action/A1/2030-04-10/-1")),
    "an action nobody heard of": (FIRST, seeded(due_on=date(2030, 2, 27))),
    "weekly with nothing open": (WEEKLY, one_more("2030-03-12 08:35", MARA, "weekly/P-mara/2030-03-11")),
    "weekly twice a week": (WEEKLY, one_more("2030-02-20 08:35", OTTO, "weekly/P-otto/2030-02-19")),
    "the stalled plan was never asked about": (
        STALLED,
        lambda quarter: with_letters(
            quarter,
            [each for each in quarter.letters if not any(key.startswith("support") for key in each.keys)],
        ),
    ),
    "the note came weeks late": (STALLED, resent("support/L2/S1/note/P-otto", "2030-02-15 08:35")),
    "no request for support": (STALLED, without("support/L2/S1/hr/P-hale")),
    "the plan never came to rest": (STALLED, without("support/L2/S1/rest/P-otto")),
    "the repairs went to one of two": (STALLED, without("support/L2/S1/repairs/P-mara")),
    "the manager was asked instead of HR": (STALLED, readdressed("support/L2/S1/hr/P-hale", MARA)),
    "somebody was asked whose plan was not stuck": (
        STALLED,
        one_more("2030-02-12 08:35", ANN, "support/L1/S9/note/P-ann"),
    ),
    "a second pass over the same thing": (
        STALLED,
        both(
            act("2030-02-12 09:00", OTTO, "finished_action", "/actions/A2/done"),
            one_more("2030-04-02 08:35", OTTO, "support/L2/S2/note/P-otto"),
        ),
    ),
    "the repairs on the next day": (ORDER, resent("support/L2/S1/repairs/P-mara", "2030-02-12 08:40")),
    "HR before the repairs": (ORDER, resent("support/L2/S1/hr/P-hale", "2030-02-14 08:40")),
    "the same step twice": (ORDER, one_more("2030-03-05 08:40", HALE, "support/L2/S1/hr/P-hale-again")),
    "HR after it was left as it is": (
        HELPED,
        act("2030-02-20 09:00", OTTO, "left_plan_as_is", "/stalls/S1/leave"),
    ),
    "HR after the stuck thing was done": (
        HELPED,
        act("2030-02-20 09:00", OTTO, "finished_action", "/actions/A2/done"),
    ),
    "HR after being kept out": (
        HELPED,
        act("2030-02-20 09:00", OTTO, "kept_hr_out", "/stalls/S1/keep-hr-out"),
    ),
    "a step after the rest": (HELPED, one_more("2030-03-25 08:40", OTTO, "support/L2/S1/repairs/P-late")),
    "a private sentence in a letter": (LETTER, mailed(MARA, f"<p>{PRIVATE}</p>")),
    "a private sentence in the writer's own letter": (LETTER, mailed(ANN, f"<p>{PRIVATE}</p>")),
    "a private sentence on the manager's page": (
        OTHER_PAGE,
        page(MARA, "/check-ins/C1", f"<p>{PRIVATE}</p>"),
    ),
    "a private sentence split over lines": (
        OTHER_PAGE,
        page(HALE, "/", PRIVATE.replace(" to ", "\n   to\t")),
    ),
    "a private sentence was lost": (OTHER_PAGE, no_pages_of(ANN)),
    "a shared sentence reached an outsider's page": (SHARED_WITH, page(OTTO, "/check-ins/C1", SHARED)),
    "a shared sentence reached HR's mailbox": (SHARED_WITH, mailed(HALE, f"<b>{SHARED}</b>")),
    "a shared sentence reached nobody": (
        SHARED_WITH,
        lambda quarter: replace(
            quarter,
            mailed=[each for each in quarter.mailed if SHARED not in each.text],
            pages=[replace(each, text="") if each.viewer == MARA else each for each in quarter.pages],
        ),
    ),
    "a history has words": (TEMPORAL, history(f'"{PRIVATE}"')),
    "a history has words in base64": (
        TEMPORAL,
        history(base64.b64encode(f'"{SHARED}"'.encode()).decode()),
    ),
    "an encrypted payload has words": (TEMPORAL, history('{"reason": ["she said that there was no time for it"]}')),
    "a log has words": (LOG, in_file("logs", PRIVATE.encode())),
    "a metric has words": (LOG, in_file("metrics", STUCK_TITLE.encode())),
    "a URL has words": (
        URL,
        lambda quarter: replace(quarter, addresses=(f"/reflections/C1?text={PRIVATE}",)),
    ),
    "a subject has words": (
        URL,
        lambda quarter: with_letters(quarter, [replace(quarter.letters[0], subject=STUCK_TITLE), *quarter.letters[1:]]),
    ),
    "the database has words": (DATABASE, in_file("databases", SHARED.encode())),
    "an event written in UTC": (EVENT_HOUR, talk_changed(zone="UTC")),
    "an event slid with the clocks": (EVENT_HOUR, talk_to("2030-04-02 14:30", "2030-04-02 15:15")),
    "the letters slid with the clocks": (
        LETTER_HOUR,
        both(
            resent("action/A1/2030-04-10/-7", "2030-04-03 08:35"),
            resent("action/A1/2030-04-10/-1", "2030-04-09 08:35"),
        ),
    ),
}


def test_a_quarter_in_which_all_went_well_keeps_every_promise(upheaval: Evidence) -> None:
    verdicts = judge(upheaval)
    assert [verdict for verdict in verdicts if not verdict.holds] == []
    assert all(verdict.checked > 0 for verdict in verdicts)


@pytest.mark.parametrize("story", BROKEN)
def test_a_promise_that_was_broken_is_named_with_its_first_violation(quarter: Evidence, story: str) -> None:
    name, broken = BROKEN[story]
    assert verdict_of(quarter, name).holds
    verdict = verdict_of(broken(quarter), name)
    assert not verdict.holds
    assert verdict.checked > 0
    assert verdict.first_violation


def test_every_promise_is_broken_by_some_story(quarter: Evidence) -> None:
    elsewhere = {
        verdict.name for part in (changes, personnel, colleagues, languages) for verdict in part.judge(quarter)
    }
    assert {verdict.name for verdict in judge(quarter)} == {name for name, _ in BROKEN.values()} | elsewhere


def test_a_run_that_met_nothing_kept_no_promise(quarter: Evidence) -> None:
    nothing = Evidence(
        day0=quarter.day0,
        began=quarter.began,
        until=quarter.began,
        people=quarter.people,
        senders=quarter.senders,
        hr_partner=quarter.hr_partner,
        policies=quarter.policies,
        starts_on=quarter.starts_on,
        policy_of=quarter.policy_of,
    )
    verdicts = judge(nothing)
    assert [verdict.name for verdict in verdicts if verdict.holds] == []
    assert all(verdict.first_violation for verdict in verdicts)


def test_a_tally_keeps_the_first_violation_and_counts_all_cases() -> None:
    tally = Tally("a promise")
    for kept, sentence in ((True, "none"), (False, "the first"), (False, "the second")):
        tally.case(kept, sentence)
    assert tally.verdict() == Verdict("a promise", 3, False, "the first")


@pytest.mark.parametrize(
    ("name", "excused"),
    [
        pytest.param(
            ONE_EVENT,
            lambda quarter: replace(quarter, until=moment("2030-02-05 00:00")),
            id="horizon just passed",
        ),
        pytest.param(
            FIRST,
            act("2030-04-01 09:00", ANN, "set_new_date", "/actions/A1/new-date", due_on="2030-06-20"),
            id="new date",
        ),
        pytest.param(FIRST, seeded(due_on=date(2030, 5, 12)), id="the day comes after the run"),
        pytest.param(
            FIRST,
            seeded(due_on=date(2030, 5, 12), agreed_on=date(2030, 5, 1)),
            id="no week ahead of a near date",
        ),
        pytest.param(ANSWERED, resent("action/A1/2030-04-10/-1", "2030-04-09 09:10"), id="on its way"),
        pytest.param(ARRIVED, lambda quarter: quarter, id="nothing"),
    ],
)
def test_what_is_excused_breaks_nothing(quarter: Evidence, name: str, excused: Break) -> None:
    verdict = verdict_of(excused(quarter), name)
    assert verdict.first_violation is None or verdict.checked == 0


def test_a_rung_that_may_wait_is_excused_only_while_the_week_has_its_fill(quarter: Evidence) -> None:
    late = both(
        many_more(
            ("2030-04-01 07:35", ANN, "learning/P-ann/2030-Q2"),
            ("2030-04-02 07:35", ANN, "form-reminder/C8"),
        ),
        resent("action/A1/2030-04-10/-7", "2030-04-08 07:35"),
    )
    assert not verdict_of(late(quarter), FIRST).holds
    # The third message of the week went out on the rung's own day and should have carried it.
    with_room = both(late, one_more("2030-04-03 07:35", ANN, "nohour/C8/1/P-ann"))
    assert not verdict_of(with_room(quarter), FIRST).holds
    full = both(late, one_more("2030-04-02 08:35", ANN, "nohour/C8/1/P-ann"))
    assert verdict_of(full(quarter), FIRST).holds


def test_a_snoozed_rung_is_not_missed_but_the_next_one_is(quarter: Evidence) -> None:
    snoozed = both(
        without("action/A1/2030-04-10/-1"),
        act("2030-04-08 09:00", ANN, "snoozed_action", "/actions/A1/snooze", days="3"),
    )
    assert verdict_of(snoozed(quarter), FIRST).holds
    short = both(
        without("action/A1/2030-04-10/-1"),
        lambda quarter: replace(quarter, diary=quarter.diary[:-1]),
        act("2030-04-08 09:00", ANN, "snoozed_action", "/actions/A1/snooze", days="3"),
    )
    verdict = verdict_of(short(quarter), FIRST)
    assert verdict.first_violation is not None
    assert "rung 2" in verdict.first_violation


def test_an_ask_that_went_out_late_puts_off_the_next_one_by_as_much(quarter: Evidence) -> None:
    def asked(last: str) -> Evidence:
        """Ann lets it lie: due on Wednesday 10 April, and asked on the Monday after instead of on Friday."""
        letters = many_more(("2030-04-15 07:35", ANN, "action/A1/2030-04-10/2"), (last, ANN, "action/A1/2030-04-10/9"))
        return letters(replace(quarter, diary=quarter.diary[:-1]))

    late_by_itself = verdict_of(asked("2030-04-23 07:35"), FIRST)
    assert late_by_itself.first_violation is not None
    assert "rung 2" in late_by_itself.first_violation
    # 22 April, a week after the ask, is Easter Monday; the day after is the first message it could be in.
    away = person_changed(ANN, leave=((date(2030, 4, 12), date(2030, 4, 12)),))
    assert verdict_of(away(asked("2030-04-23 07:35")), FIRST).holds
    assert not verdict_of(away(asked("2030-04-24 07:35")), FIRST).holds
