from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.meeting_change import (
    Answer,
    AttendeeGoneSilently,
    AttendeeRemoved,
    BodyEdited,
    Cancelled,
    Declined,
    Look,
    MeetingChange,
    Moved,
    OutsideTheDay,
    Overbooked,
    Proposed,
    Reply,
    Seen,
    Shown,
    TentativelyAccepted,
    Untouched,
    classify,
    look_around,
    proposal_fits,
    reply_to,
)
from cycle.reasons import AS_PROPOSED, MOVED_IN_OUTLOOK
from cycle.workdays import Span, WorkWeek

# Monday, 10:00 in Berlin.
START = datetime(2030, 3, 11, 9, 0, tzinfo=UTC)
END = START + timedelta(minutes=45)
HOUR = (START, END)
GIVEN = START - timedelta(days=20)
SAID = GIVEN + timedelta(days=1)
NOW = START - timedelta(days=5)
ANN, MARA = "ann@example.org", "mara@example.org"
BOTH = (ANN, MARA)
BERLIN = WorkWeek("Europe/Berlin", frozenset(range(5)), time(9), time(17))
SPANS = st.tuples(st.integers(0, 300), st.integers(1, 90)).map(
    lambda minutes: (START + timedelta(minutes=minutes[0]), START + timedelta(minutes=sum(minutes)))
)
RESPONSES = st.sampled_from(["none", "notResponded", "accepted", "tentativelyAccepted", "declined"])


def later(minutes: int) -> tuple[datetime, datetime]:
    return START + timedelta(minutes=minutes), END + timedelta(minutes=minutes)


def seen(
    hour: tuple[datetime, datetime] = HOUR,
    ann: str = "accepted",
    mara: Answer | None = None,
    **others: Any,
) -> Seen:
    proposed, at = others.pop("proposed", None), others.pop("at", SAID)
    answers = {ANN: Answer(ann, at, proposed), MARA: mara or Answer("notResponded")}
    return Seen(hour, answers=answers, **others)


def change(event: Seen | None, now: datetime = NOW, invited: tuple[str, ...] = BOTH) -> MeetingChange:
    return classify(HOUR, event, invited, GIVEN, now)


def look(*entries: Shown, who: str = ANN, week: WorkWeek = BERLIN, **others: Any) -> Look:
    return Look(who, week, entries=(Shown(HOUR, "busy"), *entries), **others)


def around(*looks: Look, reasons: tuple[str, ...] = (), silence: bool = True) -> MeetingChange:
    return look_around(HOUR, looks, reasons, silence)


# What the event says


@pytest.mark.parametrize("response", ["none", "notResponded", "accepted"])
def test_an_event_as_we_wrote_it_is_untouched_whoever_has_said_yes_or_nothing(response: str) -> None:
    assert change(seen(ann=response)) == Untouched()


def test_the_same_hour_told_in_another_zone_is_untouched() -> None:
    berlin = timezone(timedelta(hours=1))
    assert change(seen((START.astimezone(berlin), END.astimezone(berlin)))) == Untouched()


@pytest.mark.parametrize(("earlier", "longer"), [(30, 0), (-30, 0), (0, 15), (0, -15), (60, 60)])
def test_a_dragged_or_stretched_event_has_moved_to_where_it_is_now(earlier: int, longer: int) -> None:
    event = (START - timedelta(minutes=earlier), END + timedelta(minutes=longer))
    assert change(seen(event)) == Moved(*event)


@pytest.mark.parametrize("event", [None, seen(cancelled=True), seen(later(60), cancelled=True)])
def test_an_event_that_is_gone_or_called_off_is_cancelled_wherever_it_was(event: Seen | None) -> None:
    assert change(event) == Cancelled()


@pytest.mark.parametrize("event", [None, seen(cancelled=True), seen(ann="declined"), Seen(HOUR)])
def test_what_is_cleared_away_after_the_talk_says_nothing_about_it(event: Seen | None) -> None:
    assert change(event, now=END) == Untouched()
    assert change(event, now=END - timedelta(minutes=1)) != Untouched()


def test_an_event_dragged_to_a_later_day_is_followed_also_once_its_first_hour_is_over() -> None:
    assert change(seen(later(1440)), now=END) == Moved(*later(1440))


def test_a_refusal_counts_from_when_this_hour_was_given() -> None:
    assert change(seen(ann="declined")) == Declined(ANN)
    assert change(seen(ann="declined", at=GIVEN)) == Declined(ANN)
    assert change(seen(ann="declined", at=None)) == Declined(ANN)
    assert change(seen(ann="declined", at=GIVEN - timedelta(seconds=1))) == Untouched(), "it was said of another hour"


def test_a_proposal_is_known_with_its_refusal_or_without() -> None:
    half_past = later(30)
    coming = change(seen(ann="tentativelyAccepted", proposed=half_past))
    assert coming == Proposed(ANN, *half_past, declined=False)
    assert change(seen(ann="declined", proposed=half_past)) == Proposed(ANN, *half_past, declined=True)
    assert change(seen(ann="tentativelyAccepted", proposed=HOUR)) == TentativelyAccepted(ANN), "that is our hour"
    stale = seen(ann="tentativelyAccepted", proposed=half_past, at=GIVEN - timedelta(days=1))
    assert change(stale) == Untouched()


def test_a_refusal_counts_whatever_the_other_proposed_before_or_after() -> None:
    half_past = later(30)
    for minutes in (-1, 1):
        refused = Answer("declined", SAID + timedelta(minutes=minutes))
        found = change(seen(ann="tentativelyAccepted", proposed=half_past, mara=refused))
        assert found == Proposed(ANN, *half_past, declined=True)
        assert change(seen(mara=refused)) == Declined(MARA)
    before = Answer("declined", GIVEN - timedelta(seconds=1))
    found = change(seen(ann="tentativelyAccepted", proposed=half_past, mara=before))
    assert found == Proposed(ANN, *half_past, declined=False), "it was said of another hour"


def test_of_two_proposals_the_later_one_is_the_news() -> None:
    half_past, at_eleven = later(30), later(60)
    for minutes, newest in ((-1, Proposed(ANN, *half_past)), (1, Proposed(MARA, *at_eleven))):
        other = Answer("tentativelyAccepted", SAID + timedelta(minutes=minutes), at_eleven)
        assert change(seen(ann="tentativelyAccepted", proposed=half_past, mara=other)) == newest


def test_who_is_not_on_the_event_any_more_was_removed_and_whoever_organizes_it_never_is() -> None:
    alone = Seen(HOUR, answers={ANN: Answer("accepted")})
    assert change(alone) == AttendeeRemoved(MARA)
    assert change(alone, invited=(ANN,)) == Untouched()


def test_others_who_were_invited_and_answer_change_nothing() -> None:
    event = seen()
    crowd = Seen(HOUR, answers={**event.answers, "otto@example.org": Answer("declined", SAID)})
    assert change(crowd) == Untouched()


def test_a_body_without_our_link_was_edited() -> None:
    assert change(seen(has_our_link=False)) == BodyEdited()
    assert change(seen(ann="declined", has_our_link=False)) == Declined(ANN), "what matters more comes first"


ANSWERS = st.builds(Answer, RESPONSES, st.none() | st.just(SAID), st.none() | SPANS)


@given(st.none() | SPANS, st.booleans(), ANSWERS, ANSWERS)
def test_exactly_one_thing_happened_to_an_event_that_is_to_come(
    hour: tuple[datetime, datetime] | None, cancelled: bool, ann: Answer, mara: Answer
) -> None:
    event = Seen(hour, answers={ANN: ann, MARA: mara}, cancelled=cancelled) if hour else None
    found = change(event)
    assert (found == Cancelled()) == (hour is None or cancelled)
    if hour and not cancelled:
        assert isinstance(found, Moved) == (hour != HOUR)
        if hour == HOUR:
            assert isinstance(found, Proposed) == any(each.proposed not in (None, HOUR) for each in (ann, mara))
            refused = "declined" in (ann.response, mara.response)
            assert refused == (isinstance(found, Declined) or (isinstance(found, Proposed) and found.declined))


# What the calendars say


def test_two_calendars_with_nothing_but_our_event_are_fine() -> None:
    assert around(look(), look(who=MARA)) == Untouched()


def test_a_copy_that_is_gone_is_noticed_only_where_it_is_looked_for() -> None:
    gone = Look(ANN, BERLIN, entries=())
    assert around(gone, look(who=MARA)) == AttendeeGoneSilently(ANN)
    assert around(gone, silence=False) == Untouched()
    assert around(Look(ANN, BERLIN, entries=None)) == Untouched(), "nobody knows"
    assert around(Look(MARA, BERLIN, entries=(), invited=False)) == Untouched(), "whoever organizes has it"
    shown_as_free = Look(ANN, BERLIN, entries=(Shown(HOUR, "free"),))
    assert around(shown_as_free) == Untouched()


def test_a_copy_dragged_elsewhere_is_gone_from_our_hour() -> None:
    assert around(Look(ANN, BERLIN, entries=(Shown(later(60), "busy"),))) == AttendeeGoneSilently(ANN)


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("busy", Overbooked(ANN)),
        ("oof", OutsideTheDay(ANN)),
        ("tentative", Untouched()),
        ("free", Untouched()),
        ("workingElsewhere", Untouched()),
    ],
)
def test_what_else_is_at_our_hour_matters_when_it_takes_it(status: str, found: MeetingChange) -> None:
    assert around(look(Shown(later(15), status))) == found
    assert around(look(Shown(HOUR, status))) == found, "a second entry at exactly our hour is not ours"
    assert around(look(Shown(later(45), status))) == Untouched(), "right after it"


def test_leave_a_holiday_and_a_day_that_is_worked_no_more_lie_outside_the_day() -> None:
    holiday = WorkWeek("Europe/Berlin", frozenset(range(5)), time(9), time(17), frozenset({date(2030, 3, 11)}))
    assert around(look(week=holiday)) == OutsideTheDay(ANN)
    no_mondays = WorkWeek("Europe/Berlin", frozenset({1, 2, 3, 4}), time(9), time(17))
    assert around(look(week=no_mondays)) == OutsideTheDay(ANN)
    replying = Span(START - timedelta(days=1), END)
    assert around(look(away=(replying,))) == OutsideTheDay(ANN)
    back = Span(START - timedelta(days=1), START)
    assert around(look(away=(back,))) == Untouched()


@pytest.mark.parametrize("reason", [MOVED_IN_OUTLOOK, AS_PROPOSED])
def test_an_hour_that_people_chose_may_lie_on_a_day_off_or_over_something_but_not_in_leave(reason: str) -> None:
    saturdays = WorkWeek("Europe/Berlin", frozenset({5}), time(9), time(17))
    assert around(look(Shown(HOUR, "busy"), week=saturdays), reasons=(reason,)) == Untouched()
    assert around(look(Shown(HOUR, "oof")), reasons=(reason,)) == OutsideTheDay(ANN)


# What we do about it


@pytest.mark.parametrize(
    ("happened", "reply"),
    [
        (Untouched(), Reply.NOTHING),
        (TentativelyAccepted(ANN), Reply.NOTHING),
        (BodyEdited(), Reply.NOTHING),
        (Moved(*later(30)), Reply.FOLLOW),
        (Cancelled(), Reply.OFFER),
        (Declined(ANN), Reply.OFFER),
        (AttendeeRemoved(ANN), Reply.OFFER),
        (AttendeeGoneSilently(ANN), Reply.OFFER),
        (OutsideTheDay(ANN), Reply.OFFER),
        (Overbooked(ANN), Reply.OFFER_BESIDE),
        (Proposed(ANN, *later(30)), Reply.OFFER_BESIDE),
        (Proposed(ANN, *later(30), declined=True), Reply.OFFER),
    ],
)
def test_each_change_has_the_least_disturbing_answer(happened: MeetingChange, reply: Reply) -> None:
    assert reply_to(happened) == reply


@pytest.mark.parametrize("declined", [True, False])
def test_a_proposal_that_fits_is_taken_up(declined: bool) -> None:
    assert reply_to(Proposed(ANN, *later(30), declined=declined), proposal_fits=True) == Reply.MOVE


def fits(minutes: int, *looks: Look, now: datetime = NOW) -> bool:
    return proposal_fits(later(minutes), HOUR, looks, now)


def test_a_proposed_hour_fits_when_it_is_free_and_in_the_working_day_of_both() -> None:
    assert fits(30, look(), look(who=MARA)), "our own event does not stand in its way"
    assert not fits(30, look(), look(Shown(later(60), "busy"), who=MARA))
    assert not fits(30, look(Shown(later(30), "oof")))
    assert fits(30, look(Shown(later(30), "tentative")), look(Shown(later(30), "workingElsewhere")))
    assert not fits(30, Look(ANN, BERLIN, entries=None)), "nobody knows"
    assert not fits(30, look(away=(Span(START, END + timedelta(days=1)),)))


def test_a_proposed_hour_outside_somebodys_day_does_not_fit() -> None:
    new_york = WorkWeek("America/New_York", frozenset(range(5)), time(9), time(17))
    assert fits(6 * 60, look())
    assert not fits(7 * 60, look()), "it would end at 17:45"
    assert not fits(-90, look())
    assert not fits(60, look(), look(who=MARA, week=new_york))
    assert not fits(5 * 1440, look()), "a Saturday"


def test_a_proposed_hour_that_is_nearly_here_or_past_does_not_fit() -> None:
    at = later(60)[0]
    assert fits(60, look(), now=at - timedelta(hours=2))
    assert not fits(60, look(), now=at - timedelta(minutes=119))
    assert not proposal_fits((END, START), HOUR, [look()], NOW)


@given(SPANS)
def test_what_fits_overlaps_nothing_that_is_taken(taken: tuple[datetime, datetime]) -> None:
    if taken != HOUR and fits(30, look(Shown(taken, "busy"))):
        assert not Span(*taken).overlaps(Span(*later(30)))
