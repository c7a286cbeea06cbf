"""Two runs compared: the same end whatever the ids, and each thing that is not the same is found."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from rich.console import Console

from cli.demo.chaos import CHEAP, DEAR, LULL, Chaos, Trouble, draw_troubles
from cli.demo.chaos_run import OfSeed, Unfinished, compared, live_shortly, live_under_faults
from cli.demo.convergence import differences, ending, latest
from cli.demo.evidence import Evidence, Page, Sent, Talk
from cli.demo.gather import HR, Told
from cli.demo.keys import Key
from cli.demo.promises import MOST_LINES, Flaw, broken_promises, ledger_around
from cli.demo.runner import Lived, Wanted
from cli.processes import children, without_settings
from cli.sandbox import start_sandbox

ANN, MARA, HALE = (f"{name}@meadow.example" for name in ("ann", "mara", "hale"))
BEGAN = datetime(2030, 2, 4, tzinfo=UTC)


def id_of(what: str, run: int) -> str:
    """An id as our own are: another one in each run."""
    return f"{run:08d}-0000-7000-8000-{abs(hash(what)) % 10**12:012d}"


def action_letter(at: datetime, run: int, title: str = "Lead a planning round") -> Sent:
    action = id_of(title, run)
    body = (
        f'<html lang="en"><p>On 1 January you took this on with Mara: "{title}", by 20 February. What fits?</p>'
        f'<a href="http://127.0.0.1/actions/{action}?choose=done">Done</a>'
    )
    return Sent((f"action/{action}/2030-02-20/-1",), ANN, at, "One thing", body)


def pre_read(to: str, at: datetime, run: int) -> Sent:
    key = f"pre-read/{id_of('talk', run)}/1/1/{id_of(to, run)}"
    return Sent((key,), to, at, "For your check-in", '<html lang="en"><p>You both get this same letter.</p>')


def learning_letter(at: datetime, run: int) -> Sent:
    key = f"learning/{id_of(MARA, run)}/{id_of('policy', run)}/1"
    return Sent((key,), MARA, at, "What did you learn?", '<html lang="en"><p>Something real and small.</p>')


def a_run(quarter: Evidence, run: int, **changed: Any) -> Evidence:
    start = datetime(2030, 3, 12, 9, tzinfo=UTC)
    talk = Talk(
        check_in=id_of("talk", run),
        start=start,
        end=start + timedelta(minutes=45),
        zone="Europe/Berlin",
        attendees=(ANN, MARA),
        cancelled=False,
        booked=BEGAN,
    )
    letters = [
        action_letter(datetime(2030, 2, 19, 8, 36, tzinfo=UTC), run),
        pre_read(ANN, datetime(2030, 3, 11, 8, 31, tzinfo=UTC), run),
        pre_read(MARA, datetime(2030, 3, 11, 8, 31, tzinfo=UTC), run),
        learning_letter(datetime(2030, 3, 14, 8, 36, tzinfo=UTC), run),
    ]
    received = [(letter.to, letter.subject, letter.at) for letter in letters]
    facts: dict[str, Any] = {
        "talks": [talk],
        "letters": letters,
        "received": received,
        "diary": (),
        "languages": {},
        "pages": (),
    }
    facts |= changed
    return replace(quarter, began=BEGAN, until=datetime(2030, 5, 10, tzinfo=UTC), **facts)


def sentences(calm: Evidence, other: Evidence) -> Sequence[str]:
    return [each.sentence for each in differences(ending(calm), ending(other))]


def sentences_of(run: Evidence) -> Sequence[str]:
    return [each.sentence for each in broken_promises(run)]


def test_two_runs_whose_ids_alone_differ_came_to_the_same_end(quarter: Evidence) -> None:
    calm, other = a_run(quarter, 1), a_run(quarter, 2)
    assert sentences(calm, other) == []
    found = ending(other)
    assert list(found.talks) == [f"talk 1 of {ANN}, hour 1"]
    assert (ANN, "action/Lead a planning round/2030-02-20/-1") in found.letters
    assert (MARA, f"pre-read/talk 1 of {ANN}/1/1/{MARA}") in found.letters
    assert broken_promises(other) == []


def test_items_that_came_in_one_message_are_those_that_came_in_two(quarter: Evidence) -> None:
    calm = a_run(quarter, 1)
    one, two = (action_letter(datetime(2030, 2, 19, 8, 36, tzinfo=UTC), 2, title) for title in ("This", "That"))
    apart = a_run(quarter, 2, letters=[one, two])
    merged = a_run(quarter, 2, letters=[Sent(one.keys + two.keys, ANN, one.at, "Two things", one.body + two.body)])
    assert sentences(apart, merged) == []
    assert sentences(calm, merged) != []


def late_and_too_late(run: Evidence) -> tuple[tuple[datetime, int], tuple[datetime, int]]:
    """Until when the first letter of a run may come in another one, and a minute more; each with what is then wrong."""
    first = run.letters[0]
    end = latest(run.people[ANN], Key(first.keys[0]), first.at)
    return (end, 0), (end + timedelta(minutes=1), 1)


@pytest.mark.parametrize(
    ("key", "at", "day"),
    [
        pytest.param("form/C1", "2030-02-18T09:00", "2030-02-21", id="three days of one week"),
        pytest.param("form/C1", "2030-02-22T09:00", "2030-02-27", id="over a weekend"),
        pytest.param("form/C1", "2030-04-18T09:00", "2030-04-25", id="over Easter"),
        pytest.param("action/A/2030-02-20/-1", "2030-02-18T09:00", "2030-02-21", id="an action's last word waits not"),
        pytest.param("action/A/2030-02-20/-7", "2030-02-18T09:00", "2030-02-25", id="into the next digest"),
        pytest.param("learning/P/2030-1", "2030-04-15T09:00", "2030-04-24", id="into a digest after Easter"),
        pytest.param("form/C1", "2030-03-01T09:00", "2030-03-13", id="over a leave"),
    ],
)
def test_how_late_a_letter_may_come_is_counted_in_days_on_which_its_reader_works(
    quarter: Evidence, key: str, at: str, day: str
) -> None:
    ann = replace(quarter.people[ANN], leave=((date(2030, 3, 4), date(2030, 3, 8)),))
    end = latest(ann, Key(key), datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert ann.local(end - timedelta(minutes=1)).date() == date.fromisoformat(day)
    assert ann.local(end).date() > date.fromisoformat(day)


def test_a_letter_that_is_missing_too_many_or_far_too_late_is_found(quarter: Evidence) -> None:
    calm, other = a_run(quarter, 1), a_run(quarter, 2)
    (lost,) = sentences(calm, replace(other, letters=other.letters[1:]))
    assert "Lead a planning round/2030-02-20/-1" in lost
    assert "is missing" in lost
    (added,) = sentences(replace(calm, letters=calm.letters[1:]), other)
    assert "is one too many" in added
    first = other.letters[0]
    for at, found in late_and_too_late(calm):
        moved = [replace(first, at=at), *other.letters[1:]]
        assert len(sentences(calm, replace(other, letters=moved))) == found


def test_what_an_outage_held_up_until_the_plan_rested_is_not_missed_but_what_was_due_long_before_is(
    quarter: Evidence,
) -> None:
    calm, other = a_run(quarter, 1), a_run(quarter, 2)
    without = replace(other, letters=other.letters[1:])
    for rests, found in late_and_too_late(calm):
        both = []
        for run, each in ((1, calm), (2, without)):
            key = f"support/{id_of('plan', 0)}/{id_of('stall', 0)}/rest/{id_of(ANN, run)}"
            rest = Sent((key,), ANN, rests, "Your plan rests", '<html lang="en"><p>It waits for you.</p>')
            both.append(replace(each, letters=[*each.letters, rest]))
        assert len(sentences(*both)) == found


def test_what_can_still_come_after_the_end_is_not_missed_but_what_cannot_is(quarter: Evidence) -> None:
    calm, other = a_run(quarter, 1), a_run(quarter, 2)
    without = replace(other, letters=other.letters[1:])
    for until, found in late_and_too_late(calm):
        assert len(sentences(replace(calm, until=until), without)) == found


def test_a_talk_that_one_run_has_alone_shows_when_it_was_booked(quarter: Evidence) -> None:
    run = a_run(quarter, 1)
    (talk,) = run.talks
    another = replace(talk, no=2, booked=BEGAN + timedelta(days=2))
    with_two = replace(run, talks=[talk, another])
    for calm, other in ((run, with_two), (with_two, run)):
        (difference,) = differences(ending(calm), ending(other))
        assert difference.at == another.booked


def test_a_talk_at_another_hour_or_called_off_is_found(quarter: Evidence) -> None:
    calm, other = a_run(quarter, 1), a_run(quarter, 2)
    (talk,) = other.talks
    later = replace(talk, start=talk.start + timedelta(minutes=15))
    (sentence,) = sentences(calm, replace(other, talks=[later]))
    assert "09:15 instead of 12 Mar 09:00" in sentence
    assert len(sentences(calm, replace(other, talks=[replace(talk, cancelled=True)]))) == 2
    assert len(sentences(calm, replace(other, talks=[]))) > 0


def test_what_happened_twice_or_got_lost_on_its_way_breaks_a_promise_without_any_comparison(quarter: Evidence) -> None:
    run = a_run(quarter, 1)
    first, talk = run.letters[0], run.talks[0]
    again = replace(run, letters=[*run.letters, first], received=[*run.received, (first.to, first.subject, first.at)])
    assert sentences_of(again) == [f"{first.keys[0]} went to {ANN} 2 times"]
    lost = f'"{first.subject}" went to {ANN} 1 times, and arrived 0 times'
    assert sentences_of(replace(run, received=run.received[1:])) == [lost]
    doubled = sentences_of(replace(run, talks=[talk, replace(talk, no=2)]))
    assert f"the check-in {talk.check_in} has 2 events" in doubled
    assert f"{ANN} has two talks at 12 Mar 09:00" in doubled


def test_what_breaks_a_promise_says_when(quarter: Evidence) -> None:
    run = a_run(quarter, 1)
    first, talk = run.letters[0], run.talks[0]
    later = first.at + timedelta(hours=3)
    again = replace(first, at=later)
    twice = replace(run, letters=[*run.letters, again], received=[*run.received, (ANN, again.subject, later)])
    assert [each.at for each in broken_promises(twice)] == [later]
    lost = replace(twice, received=[*run.received[1:], (ANN, again.subject, later)])
    assert first.at in [each.at for each in broken_promises(lost)]
    lost = replace(twice, received=run.received)
    assert [each.at for each in broken_promises(lost)] == [later, later]
    doubled = replace(run, talks=[talk, replace(talk, no=2, booked=later)])
    assert {each.at for each in broken_promises(doubled)} == {later}


def asked_at(at: datetime, path: str) -> dict[str, Any]:
    facts = {"status": 200, "route": path, "method": "GET", "path": path, "mailbox": None, "app": "check-ins"}
    return {"at": at.isoformat()} | facts


def test_of_a_busy_hour_what_is_nearest_to_the_instant_is_told_in_its_order() -> None:
    at = datetime(2030, 3, 12, 9, tzinfo=UTC)
    ledger = [asked_at(at + timedelta(minutes=n), f"/{n}") for n in range(-65, 65)]
    ledger.insert(65, asked_at(at, "/mail-client") | {"app": "mail-client"})
    told = [line.split()[2] for line in ledger_around(ledger, at)]
    reach = MOST_LINES // 2
    assert told == [f"/{n}" for n in range(-reach, reach + 1)]
    assert len(ledger_around(ledger[60:70], at)) == 9
    assert ledger_around(ledger, at + timedelta(days=1)) == []


def test_a_seed_that_only_breaks_a_promise_tells_what_was_asked_around_it(quarter: Evidence) -> None:
    calm, other = a_run(quarter, 1), a_run(quarter, 2)
    later = other.letters[0].at + timedelta(hours=3)
    again = replace(other.letters[0], at=later)
    other = replace(other, letters=[*other.letters, again], received=[*other.received, (ANN, again.subject, later)])
    ledger = [asked_at(each.at, f"/{n}") for n, each in enumerate(other.letters)]
    struck = Counter(slow=2, no_token=1, unavailable=0)
    found = compared(Lived(calm, Told({}, []), Counter()), Lived(other, Told({}, ledger), struck))
    assert not found.holds
    assert found.words == f"after 3 faults 1 things are wrong, first: {again.keys[0]} went to {ANN} 2 times"
    assert found.details[0] == "  met: 1 no_token, 2 slow"
    assert [line for line in found.details if line.endswith("/4 ")]
    assert not [line for line in found.details if line.endswith("/0 ")], "that is three hours away"


async def test_a_seed_that_does_not_come_to_its_end_is_named_like_any_that_fails(
    quarter: Evidence, tmp_path: Path
) -> None:
    unable = dict(os.environ) | {"PYTHONHOME": str(tmp_path / "nowhere")}
    lived = await live_under_faults(Wanted(people=1, days=5), 3, tmp_path / "chaos-3", unable, Console(quiet=True))
    story = await live_shortly(3, BEGAN, tmp_path / "short-3", unable)
    calm = Lived(a_run(quarter, 1), Told({}, []), Counter())
    for each in (lived, story):
        found = compared(calm, each)
        assert not found.holds
        assert found.words.startswith("does not come to its end: The sandbox process")
        assert not found.details


def test_the_line_of_a_seed_says_of_both_stories_how_they_ended(quarter: Evidence) -> None:
    calm, other = (Lived(a_run(quarter, run), Told({}, []), Counter(slow=run)) for run in (1, 2))
    alike, unfinished = compared(calm, other), Unfinished("The worker ended.")
    both = OfSeed(3, alike, alike)
    assert both.holds
    assert both.line == (
        "chaos 3: 2 faults of 1 kinds, and the same end: 1 talks, 4 letters; "
        "on the full server 2 faults of 1 kinds, and the same end: 1 talks, 4 letters"
    )
    assert both.details == []
    for of_seed in (OfSeed(3, alike, unfinished), OfSeed(3, unfinished, alike)):
        assert not of_seed.holds
        assert "does not come to its end: The worker ended." in of_seed.line
        assert "and the same end" in of_seed.line


def test_what_was_waited_for_in_vain_is_wrong_even_if_all_else_is_alike(quarter: Evidence) -> None:
    calm, other = (Lived(a_run(quarter, run), Told({}, []), Counter()) for run in (1, 2))
    in_vain = Flaw("it is not so", BEGAN + timedelta(minutes=30))
    found = compared(calm, replace(other, in_vain=[in_vain]))
    assert not found.holds
    assert found.words == "after 0 faults 1 things are wrong, first: it is not so"


def test_nothing_holds_that_has_no_calm_twin(quarter: Evidence) -> None:
    calm, other = (Lived(a_run(quarter, run), Told({}, []), Counter()) for run in (1, 2))
    for unable in (Unfinished("it is not so"), replace(calm, in_vain=[Flaw("it is not so", BEGAN)])):
        found = compared(unable, other)
        assert not found.holds
        assert found.words.endswith("since the calm one does not come to its end: it is not so")


def test_what_is_missing_from_a_run_that_began_later_shows_as_much_later(quarter: Evidence) -> None:
    calm, other = a_run(quarter, 1), a_run(quarter, 2)
    for later in (timedelta(0), timedelta(minutes=20)):
        shifted = replace(other, began=calm.began + later)
        (missing,) = differences(ending(calm), ending(replace(shifted, letters=other.letters[1:])))
        assert missing.at == calm.letters[0].at + later
        (too_many,) = differences(ending(replace(calm, letters=calm.letters[1:])), ending(shifted))
        assert too_many.at == other.letters[0].at


def hrs_page(*sentences: str) -> Page:
    """As web/templates/hr.html has it."""
    lines = "".join(f'<li><p>{each}</p><span class="hint">since Monday</span></li>' for each in sentences)
    return Page(HALE, HR, f'<ul><li><p>Another list.</p></li></ul><h2 id="hands">x</h2><ul class="todo">{lines}</ul>')


def test_what_still_waits_for_a_hand_after_the_faults_is_a_difference(quarter: Evidence) -> None:
    left, stuck = "Kim &amp; Otto have left.", "The mailbox of Otto is not there, and 2 things wait."
    calm = a_run(quarter, 1, pages=[hrs_page(left)])
    assert sentences(calm, a_run(quarter, 2, pages=[hrs_page(left)])) == []
    both = a_run(quarter, 2, pages=[hrs_page(left, stuck)])
    assert sentences(calm, both) == [f"HR is asked for a hand at the end: {stuck}"]
    none = a_run(quarter, 2, pages=[hrs_page()])
    assert sentences(calm, none) == ["HR is not asked for a hand at the end: Kim & Otto have left."]


@pytest.mark.parametrize("days", [35, 95])
def test_the_same_seed_draws_the_same_faults_and_nothing_strikes_in_the_lull(days: int) -> None:
    until = BEGAN + timedelta(days=days)
    drawn = draw_troubles(7, BEGAN, until)
    assert drawn == draw_troubles(7, BEGAN, until)
    assert drawn != draw_troubles(8, BEGAN, until)
    assert {each.fault for each in drawn} >= set(CHEAP)
    assert all(BEGAN <= each.at < until - LULL for each in drawn)


def test_three_neighbouring_seeds_draw_every_fault_and_each_is_a_method_of_chaos() -> None:
    until = BEGAN + timedelta(days=35)
    drawn = {each.fault for seed in (1, 2, 3) for each in draw_troubles(seed, BEGAN, until)}
    assert drawn == {*CHEAP, *DEAR}
    assert all(callable(getattr(Chaos, fault)) for fault in drawn)


async def test_a_fault_that_nobody_met_does_not_count_as_one_that_struck(tmp_path: Path) -> None:
    async with children(tmp_path, without_settings(os.environ)) as started, httpx.AsyncClient(trust_env=False) as http:
        site = "http://127.0.0.1/sign-in/done"
        tenant = await start_sandbox(started, seed=1, people=1, day0=BEGAN.date(), redirect_uri=site)
        chaos = Chaos(SimpleNamespace(tenant=tenant, http=http), [])  # type: ignore[arg-type]  # all it needs for these
        for fault in (each for each in CHEAP if each != "consent_revoked"):
            await getattr(chaos, fault)(Trouble(BEGAN, fault, 1))
        await chaos.clears()
        standing = (await http.get(f"{tenant.url}/_sandbox/notifications")).json()["mishaps"]
    assert +chaos.struck == Counter()
    assert standing == []


def test_what_a_colleague_asks_is_the_same_in_both_runs_whatever_its_id(quarter: Evidence) -> None:
    def asked(run: int) -> Sent:
        key = f"feedback/{id_of('request', run)}/{id_of(ANN, run)}"
        return Sent((key,), ANN, datetime(2030, 2, 20, 8, 36, tzinfo=UTC), "Your view", "<p>Hello.</p>")

    calm, other = (a_run(quarter, run, letters=[asked(run)]) for run in (1, 2))
    assert sentences(calm, other) == []
    assert list(ending(other).letters) == [(ANN, f"feedback/ask 1 of {ANN}/{ANN}")]
    assert len(sentences(calm, a_run(quarter, 2, letters=[]))) == 1
