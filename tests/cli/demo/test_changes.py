"""An hour that is given up, chosen, left out or lost to a leave: each rule goes red on a quarter that broke it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cli.demo.diary import Act, Entry
from cli.demo.evidence import Evidence, Sent
from cli.demo.gather import with_leave
from cli.demo.invariants import Verdict, changes, judge
from cli.demo.oracle import is_free
from cli.demo.pursuits import promises, pursuits

ANN, MARA = "ann@meadow.example", "mara@meadow.example"

Break = Callable[[Evidence], Evidence]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def verdict_of(evidence: Evidence, name: str) -> Verdict:
    (found,) = (verdict for verdict in judge(evidence) if verdict.name == name)
    return found


def entry(at: str, person: str, did: Act, link: str = "/check-ins/C1", **fields: str) -> Entry:
    return Entry(at=moment(at), person=person, did=did, link=link, fields=fields)


def without(*acts: Act) -> Break:
    return lambda quarter: replace(quarter, diary=[each for each in quarter.diary if each.did not in acts])


def more(*entries: Entry) -> Break:
    return lambda quarter: replace(quarter, diary=[*quarter.diary, *entries])


def acts_changed(act: Act, **fields: str) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        diary = [replace(each, fields=each.fields | fields) if each.did == act else each for each in quarter.diary]
        return replace(quarter, diary=diary)

    return broken


def never_invited_to(start: str) -> Break:
    return lambda quarter: replace(
        quarter,
        diary=[e for e in quarter.diary if (e.did, e.fields.get("start")) != ("was_invited", start)],
    )


def talk(**facts: Any) -> Break:
    return lambda quarter: replace(quarter, talks=[replace(quarter.talks[0], **facts)])


def letters(keep: Callable[[Sent], bool], *others: Sent) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        kept = [*filter(keep, quarter.letters), *others]
        return replace(quarter, letters=kept, received=[(each.to, each.subject, each.at) for each in kept])

    return broken


def sent(at: str, to: str, *keys: str) -> Sent:
    return Sent(keys, to, moment(at), "One more", "<p>Hello.</p>")


STAYS = "1 an hour stays unless somebody gives it up"
FOUND = "1 an hour given up is found again"
ASKED = "2 three hours to choose from within a workday"
FITS = "1 a proposed hour is taken when it fits"
CHOSEN = "1 a chosen hour is taken"
LEFT_OUT = "1 nothing more of a talk that was left out"

BROKEN: list[tuple[str, str, Break]] = [
    ("an hour that moves by itself", STAYS, without("chose_slot", "declined_invitation")),
    (
        "the hour that was turned down stands",
        FOUND,
        talk(start=moment("2030-03-14 13:00"), end=moment("2030-03-14 13:45")),
    ),
    ("nothing stands in its place", FOUND, talk(cancelled=True)),
    (
        "the hour of somebody on leave stands",
        FOUND,
        more(
            entry(
                "2030-02-20 09:30",
                ANN,
                "went_on_leave",
                start="2030-03-18T09:00:00Z",
                end="2030-03-18T09:45:00Z",
                first="2030-03-18",
                last="2030-03-22",
            )
        ),
    ),
    ("only one of the two may choose", ASKED, letters(lambda each: "slots/C1/2/P-mara" not in each.keys)),
    (
        "they are asked a week later",
        ASKED,
        letters(lambda each: "slots/C1/2/P-ann" not in each.keys, sent("2030-02-12 09:35", ANN, "slots/C1/2/P-ann")),
    ),
    ("asked without a reason", ASKED, without("declined_invitation", "proposed_hour")),
    ("a proposal that fits is passed over", FITS, never_invited_to("2030-03-14T13:00:00Z")),
    (
        "a proposal at night is taken",
        FITS,
        lambda quarter: acts_changed("was_invited", start="2030-03-14T02:00:00Z", end="2030-03-14T02:45:00Z")(
            acts_changed("proposed_hour", to="2030-03-14T02:00:00Z", until="2030-03-14T02:45:00Z")(quarter)
        ),
    ),
    ("another hour than the chosen one", CHOSEN, acts_changed("chose_slot", hour="Monday 18 March 2030 at 11:00")),
    ("it stands though left out", LEFT_OUT, more(entry("2030-02-20 09:30", ANN, "left_out"))),
    (
        "the question how it went, though left out",
        LEFT_OUT,
        lambda quarter: talk(cancelled=True)(more(entry("2030-03-16 09:30", ANN, "left_out"))(quarter)),
    ),
]


@pytest.mark.parametrize("name", [STAYS, FOUND, ASKED, FITS, CHOSEN, LEFT_OUT])
def test_a_quarter_in_which_an_hour_changed_as_it_should_holds(quarter: Evidence, name: str) -> None:
    verdict = verdict_of(quarter, name)
    assert verdict.holds, verdict.first_violation


@pytest.mark.parametrize(("name", "broken"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
def test_a_broken_rule_is_seen(quarter: Evidence, name: str, broken: Break) -> None:
    verdict = verdict_of(broken(quarter), name)
    assert verdict.checked
    assert not verdict.holds


def test_every_rule_is_broken_by_some_story(quarter: Evidence) -> None:
    assert {verdict.name for verdict in changes.judge(quarter)} == {name for _, name, _ in BROKEN}


def test_a_talk_that_was_left_out_is_not_missed_and_another_is(quarter: Evidence) -> None:
    called_off = talk(cancelled=True)(quarter)
    name = "1 one event for each check-in due"
    assert not verdict_of(called_off, name).holds
    assert verdict_of(more(entry("2030-02-20 09:30", ANN, "left_out"))(called_off), name).holds


# Leave


def on_leave(quarter: Evidence, told: str = "2030-03-11 09:30") -> Evidence:
    """Ann is away from 1 to 5 April, with something due on the 10th that then is due on the 15th."""
    gone = entry(told, ANN, "went_on_leave", start="", end="", first="2030-04-01", last="2030-04-05")
    return replace(quarter, people=with_leave(quarter.people, [gone]))


def test_who_goes_on_leave_is_away_then(quarter: Evidence) -> None:
    ann = on_leave(quarter).people[ANN]
    assert [ann.works_on(date(2030, 4, day)) for day in (1, 5, 8)] == [False, False, True]
    assert ann.told == {date(2030, 4, 1): date(2030, 3, 11)}
    assert quarter.people[ANN].works_on(date(2030, 4, 1))


def test_a_leave_that_the_tenant_refused_is_none(quarter: Evidence) -> None:
    refused = replace(
        entry("2030-03-11 09:30", ANN, "went_on_leave", first="2030-04-01", last="2030-04-05"), status=400
    )
    assert with_leave(quarter.people, [refused])[ANN].leave == ()


def test_a_leave_moves_the_dates_behind_it_and_no_others(quarter: Evidence) -> None:
    def dates(evidence: Evidence, owner: str) -> list[tuple[date, bool]]:
        return [
            (each.due_on, each.moved_by_leave)
            for promise in promises(evidence)
            if promise.owner == owner
            for each in pursuits(evidence, promise)
        ]

    away = on_leave(quarter)
    assert dates(quarter, ANN) == [(date(2030, 4, 10), False)]
    assert dates(away, ANN)[-1] == (date(2030, 4, 15), False)
    assert dates(away, ANN)[0] == (date(2030, 4, 10), True)
    assert dates(away, "otto@meadow.example") == dates(quarter, "otto@meadow.example")
    late = on_leave(replace(quarter, people={**quarter.people, ANN: replace(quarter.people[ANN])}), "2030-04-11 09:30")
    assert dates(late, ANN) == [(date(2030, 4, 10), False)], "it was done by then"


def test_whoever_was_on_leave_is_asked_by_the_later_date(quarter: Evidence) -> None:
    first, early = "3 each rung in the first message", "3 no rung before its day, none that was spent"
    away = on_leave(quarter)
    assert not verdict_of(away, early).holds, "the date of before the leave is not asked about any more"
    moved = letters(
        lambda each: not any(key.startswith("action/A1") for key in each.keys),
        replace(sent("2030-04-08 07:35", ANN, "action/A1/2030-04-15/-7"), body="Lead a planning round on one page"),
    )(away)
    assert verdict_of(moved, early).holds, verdict_of(moved, early).first_violation
    assert verdict_of(moved, first).holds, verdict_of(moved, first).first_violation
    silent = letters(lambda each: not any(key.startswith("action/A1") for key in each.keys))(away)
    assert not verdict_of(silent, first).holds


def test_nobody_is_free_on_leave_or_in_a_meeting(quarter: Evidence) -> None:
    ann = on_leave(quarter).people[ANN]
    spans = [replace(quarter.talks[0].time, start=moment(f"{a}:00"), end=moment(f"{a}:30")) for a in FREE_OR_NOT]
    assert [is_free(ann, span) for span in spans] == [False, False, True]


FREE_OR_NOT = ("2030-04-02 09", "2030-03-18 10", "2030-03-19 10")
