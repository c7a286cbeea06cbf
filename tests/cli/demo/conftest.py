"""A quarter of a very small organization in which every promise is kept: what the tests then break."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.demo.diary import Canary, Entry
from cli.demo.evidence import Colleague, Evidence, Mailed, Page, SeededAction, Sent, Stretch, Talk
from cli.demo.gather import with_moves

ANN, MARA, OTTO, HALE, KIM, REMY = (f"{name}@meadow.example" for name in ("ann", "mara", "otto", "hale", "kim", "remy"))
SERVICE = "checkins@meadow.example"
PRIVATE = "What I keep to myself goes by the name of balomiru."
SHARED = "What carried me lately goes by the name of tekanovi."
TO_A_SUPPORTER, TO_A_COLLEAGUE = ("What carried me lately goes by the name of " + name for name in ("supa.", "fiba."))
SUPPORTED_GOAL = "Lead a small project from start to end"
OWN_TITLE, STUCK_TITLE = "Lead a planning round on one page", "Shadow somebody in the supplier talks"

QUARTERLY: dict[str, dict[str, Any]] = {
    "rhythm": {
        "every_months": 3,
        "may_slip_days": 21,
        "weeks_of_period": [3, 10],
        "no_check_in_dates": [],
        "new_joiner_on_day": 60,
        "new_manager_within_days": 21,
    },
    "booking": {
        "weeks_ahead": 6,
        "per_manager_per_day": 2,
        "per_manager_per_week": 3,
        "minutes_between": 15,
    },
    "actions": {"remind_on_days": [-7, -1, 2, 9], "first_reminder_if_over_days": 14},
    "stalled_plan": {
        "quiet_days": 30,
        "overdue_days": 14,
        "repairs_to_both_day": 7,
        "hr_partner_day": 21,
        "pause_day": 35,
    },
    "mail": {
        "letters_per_day": 1,
        "letters_per_week": 3,
        "after_start_minutes": 30,
        "before_end_minutes": 60,
    },
}


def moment(text: str) -> datetime:
    """An instant from "2030-03-18 09:00", which is UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def colleague(mail: str, manager: str | None) -> Colleague:
    return Colleague(
        oid=f"oid-{mail}",
        mail=mail,
        name=mail.partition("@")[0].title(),
        manager=manager,
        zone=ZoneInfo("Europe/Berlin"),
        weekdays=frozenset(range(5)),
        opens=time(9),
        closes=time(17),
        hired=date(2024, 1, 1),
        leave=(),
        holidays=frozenset({date(2030, 4, 19), date(2030, 4, 22), date(2030, 5, 1)}),
        busy=(Stretch(moment("2030-03-18 10:00"), moment("2030-03-18 11:00")),),
    )


def letter(at: str, to: str, *keys: str, words: str = "") -> Sent:
    body = in_their_words(to, f"{words} {len(keys)}")
    subject = f"Etwas von uns, {to}" if to == MARA else f"Something for you, {to}"
    return Sent(keys, to, moment(at), f"{subject}, {len(keys)}", body)


def in_their_words(reader: str, words: str) -> str:
    """Mara's mailbox is set to German."""
    if reader == MARA:
        return f'<html lang="de"><p>Hallo, das ist von uns. {words}</p></html>'
    return f'<html lang="en"><p>Hello, this is from us. {words}</p></html>'


def seen(viewer: str, path: str, html: str) -> Page:
    return Page(viewer, path, in_their_words(viewer, html))


def talk_at(start: str, end: str, **changed: Any) -> Talk:
    facts: dict[str, Any] = {
        "check_in": "C1",
        "start": moment(start),
        "end": moment(end),
        "zone": "Europe/Berlin",
        "attendees": (ANN, MARA),
        "cancelled": False,
        "booked": moment("2030-02-04 08:00"),
    }
    return Talk(**facts | changed)


def entry(at: str, person: str, did: Any, link: str, **more: Any) -> Entry:
    return Entry(at=moment(at), person=person, did=did, link=link, **more)


def hour(start: str, end: str) -> dict[str, str]:
    return {name: f"{text.replace(' ', 'T')}:00Z" for name, text in (("start", start), ("end", end))}


# What led to the hour: proposed once, then turned down for one of three others.
FIRST = hour("2030-03-14 09:00", "2030-03-14 09:45")
SECOND = hour("2030-03-14 13:00", "2030-03-14 13:45")
THIRD = hour("2030-03-18 09:00", "2030-03-18 09:45")

# Ann and Mara talk on Monday 2030-03-18 at 09:00 UTC, 10:00 in Berlin; the clocks change on 2030-03-31.
LETTERS = (
    letter("2030-02-05 09:35", ANN, "slots/C1/2/P-ann"),
    letter("2030-02-05 09:36", MARA, "slots/C1/2/P-mara"),
    letter("2030-03-11 08:30", ANN, "form/C1"),
    letter("2030-03-15 08:30", ANN, "pre-read/C1/1/1/P-ann", words=SHARED),
    letter("2030-03-15 08:30", MARA, "pre-read/C1/1/1/P-mara", words=SHARED),
    letter("2030-03-18 11:51", ANN, "outcome/C1/1/P-ann"),
    letter("2030-03-18 11:50", MARA, "outcome/C1/1/P-mara"),
    letter("2030-04-03 07:35", ANN, "action/A1/2030-04-10/-7", words=OWN_TITLE),
    letter("2030-04-09 07:35", ANN, "action/A1/2030-04-10/-1", words=OWN_TITLE),
    letter("2030-02-11 08:35", OTTO, "support/L2/S1/note/P-otto"),
    letter("2030-02-18 08:40", OTTO, "support/L2/S1/repairs/P-otto", "weekly/P-otto/2030-02-18"),
    letter("2030-02-18 08:40", MARA, "support/L2/S1/repairs/P-mara"),
    letter("2030-03-04 08:40", HALE, "support/L2/S1/hr/P-hale"),
    letter("2030-03-18 08:40", OTTO, "support/L2/S1/rest/P-otto"),
    # Ann asks Otto along for a goal; Mara asks Otto and Hale for feedback, and Hale lets it lie.
    letter("2030-02-25 08:40", OTTO, "supporter/U1/P-otto"),
    letter("2030-02-26 08:40", OTTO, "feedback/F1/P-otto"),
    letter("2030-02-26 08:40", HALE, "feedback/F2/P-hale"),
)

DIARY = (
    *(entry("2030-02-04 08:30", person, "was_invited", "/check-ins/C1", fields=FIRST) for person in (ANN, MARA)),
    entry(
        "2030-02-04 09:00",
        ANN,
        "proposed_hour",
        "/check-ins/C1",
        fields=FIRST | {"to": SECOND["start"], "until": SECOND["end"]},
    ),
    *(entry("2030-02-04 09:30", person, "was_invited", "/check-ins/C1", fields=SECOND) for person in (ANN, MARA)),
    entry("2030-02-05 09:30", ANN, "declined_invitation", "/check-ins/C1", fields=SECOND),
    entry(
        "2030-02-05 14:00",
        ANN,
        "chose_slot",
        "/check-ins/C1/slots",
        fields={"slot": "1", "hour": "Monday 18 March 2030 at 10:00"},
        status=303,
    ),
    *(entry("2030-02-06 09:30", person, "was_invited", "/check-ins/C1", fields=THIRD) for person in (ANN, MARA)),
    entry(
        "2030-03-11 10:00",
        ANN,
        "answered_form",
        "/reflections/C1",
        letter="/reflections/C1",
        fields={"text-learned": PRIVATE, "text-surprised": SHARED, "line-surprised": SHARED},
        shared={"learned": False, "surprised": True},
        canaries=(Canary(PRIVATE, shared=False), Canary(SHARED, shared=True)),
    ),
    entry("2030-03-18 14:00", ANN, "said_outcome", "/check-ins/C1/outcome", fields={"said": "held"}),
    entry("2030-03-18 14:05", MARA, "said_outcome", "/check-ins/C1/outcome", fields={"said": "held"}),
    entry(
        "2030-02-22 14:00",
        ANN,
        "invited_supporter",
        "/goals/G1/supporters",
        fields={"who": OTTO, "role": "peer", "note": TO_A_SUPPORTER, "title": SUPPORTED_GOAL},
        canaries=(Canary(TO_A_SUPPORTER, shared=True),),
    ),
    entry("2030-02-25 09:30", OTTO, "accepted_invitation_to_support", "/supporting/U1/accept"),
    entry(
        "2030-02-25 14:00",
        MARA,
        "asked_for_feedback",
        "/feedback",
        fields={"name-1": OTTO, "name-2": HALE, "about": "how I explained the figures"},
    ),
    entry(
        "2030-02-26 09:30",
        OTTO,
        "gave_feedback",
        "/feedback/F1/answer",
        fields={"behaviour": TO_A_COLLEAGUE},
        canaries=(Canary(TO_A_COLLEAGUE, shared=True),),
    ),
    entry("2030-04-09 09:00", ANN, "finished_action", "/actions/A1/done"),
)

PAGES = (
    seen(ANN, "/reflections/C1", f"<textarea>{PRIVATE}</textarea><textarea>{SHARED}</textarea>"),
    seen(MARA, "/check-ins/C1", f"<p>{SHARED}</p>"),
    seen(OTTO, "/check-ins/C1", ""),
    seen(ANN, "/actions/A1", f"<h1>{OWN_TITLE}</h1>"),
    seen(HALE, "/supporting/U1", ""),
    seen(OTTO, "/supporting/U1", f"<h1>{SUPPORTED_GOAL}</h1>"),
    seen(OTTO, "/feedback/F1", TO_A_COLLEAGUE),
    seen(MARA, "/feedback/F1", TO_A_COLLEAGUE),
    seen(HALE, "/feedback/F1", ""),
    seen(OTTO, "/actions/A2", f"<h1>{STUCK_TITLE}</h1>"),
)

HISTORY = (
    SeededAction(
        OWN_TITLE,
        ANN,
        ANN,
        agreed_on=date(2030, 1, 10),
        due_on=date(2030, 4, 10),
        quiet_since=date(2030, 1, 20),
    ),
    SeededAction(
        STUCK_TITLE,
        OTTO,
        OTTO,
        agreed_on=date(2029, 12, 10),
        due_on=date(2030, 1, 19),
        quiet_since=date(2030, 1, 10),
    ),
)


def files(folder: Path) -> dict[str, tuple[Path, ...]]:
    """One file of each kind, with what such a file may say."""
    found: dict[str, tuple[Path, ...]] = {}
    for kind, says in (
        ("logs", b"INFO CheckIn/C1 booked\n"),
        ("metrics", b"temporal_activities 12\n"),
        ("histories", b'[{"input": {"payloads": ["\\"C1\\"", "{\\"at\\": \\"2030-03-18T09:00:00Z\\"}"]}}]'),
        ("databases", b"SQLite format 3\0gAAAAABo3mQWc0hJ"),
    ):
        path = folder / kind
        path.write_bytes(says)
        found[kind] = (path,)
    return found


@pytest.fixture
def quarter(tmp_path: Path) -> Evidence:
    people = [colleague(ANN, MARA), colleague(MARA, None), colleague(OTTO, MARA), colleague(HALE, None)]
    return Evidence(
        day0=date(2030, 2, 4),
        began=moment("2030-02-04 00:00"),
        until=moment("2030-05-08 00:00"),
        people={person.mail: person for person in people},
        senders=[SERVICE],
        hr_partner=HALE,
        policies={"Quarterly check-ins": QUARTERLY},
        starts_on={"Quarterly check-ins": date(2030, 2, 4)},
        policy_of={ANN: "Quarterly check-ins"},
        talks=(talk_at("2030-03-18 09:00", "2030-03-18 09:45"),),
        letters=LETTERS,
        received=[(each.to, each.subject, each.at) for each in LETTERS],
        mailed=[Mailed(mailbox, each.body) for each in LETTERS for mailbox in (each.to, SERVICE)],
        addresses=("/v1.0/users/oid-ann/events?$top=10",),
        diary=DIARY,
        history=HISTORY,
        pages=PAGES,
        languages={ANN: "en-GB", MARA: "de-DE", OTTO: "fr-FR"},
        secret_texts=(OWN_TITLE, STUCK_TITLE),
        called_off=(),
        **files(tmp_path),
    )


# Kim leaves, who had taken something on for Ann; Otto's manager is Remy from the next day on.
LEFT, MOVED = "2030-03-20 08:00", "2030-03-21 08:00"
KIMS_TITLE, OTTOS_GOAL = "Show Ann how the ledger is kept", "Grow into the work of planning"
MOVES = (
    entry(LEFT, KIM, "left_company", "/"),
    entry("2030-03-20 10:00", ANN, "took_over_action", "/actions/A3/owner", fields={"due_on": "2030-06-30"}),
    entry(MOVED, OTTO, "got_manager", "/", fields={"manager": REMY}),
    entry(
        "2030-03-21 10:00",
        OTTO,
        "chose_for_successor",
        "/handovers/H1",
        fields={"chosen": OTTOS_GOAL, "withheld": STUCK_TITLE},
    ),
)
LETTERS_OF_MOVES = (
    letter("2030-03-20 08:40", ANN, "orphan/A3/P-kim/P-ann", words=KIMS_TITLE),
    letter("2030-03-21 08:40", OTTO, "handover/H1/P-otto"),
    letter("2030-04-02 07:40", OTTO, "form/O2"),
    letter("2030-04-08 07:40", OTTO, "pre-read/O2/1/1/P-otto"),
    letter("2030-04-08 07:40", REMY, "pre-read/O2/1/1/P-remy"),
    letter("2030-04-09 11:50", OTTO, "outcome/O2/1/P-otto"),
    letter("2030-04-09 11:50", REMY, "outcome/O2/1/P-remy"),
)
TALKS_OF_MOVES = (
    talk_at("2030-04-02 09:00", "2030-04-02 09:45", check_in="K1", attendees=(KIM, MARA), cancelled=True),
    talk_at("2030-04-04 09:00", "2030-04-04 09:45", check_in="O1", attendees=(OTTO, MARA), cancelled=True),
    talk_at(
        "2030-04-09 09:00", "2030-04-09 09:45", check_in="O2", attendees=(OTTO, REMY), booked=moment("2030-03-21 08:01")
    ),
)


@pytest.fixture
def upheaval(quarter: Evidence) -> Evidence:
    """The same with somebody who leaves and somebody who has another manager, and all that this entails."""
    diary = [*quarter.diary, *MOVES]
    letters = [*quarter.letters, *LETTERS_OF_MOVES]
    pages = [seen(viewer, "/handovers/H1", "") for viewer in (ANN, MARA, HALE)]
    pages += [seen(OTTO, "/handovers/H1", f"{OTTOS_GOAL} {STUCK_TITLE}"), seen(REMY, "/handovers/H1", OTTOS_GOAL)]
    left_behind = SeededAction(KIMS_TITLE, ANN, KIM, date(2030, 1, 10), date(2030, 4, 20), date(2030, 1, 20))
    people = dict(quarter.people) | {KIM: colleague(KIM, MARA), REMY: colleague(REMY, None)}
    return replace(
        quarter,
        people=with_moves(people, diary),
        diary=diary,
        letters=letters,
        received=[(each.to, each.subject, each.at) for each in letters],
        mailed=[Mailed(mailbox, each.body) for each in letters for mailbox in (each.to, SERVICE)],
        talks=[*quarter.talks, *TALKS_OF_MOVES],
        called_off=[
            (mail, f"Canceled: Check-in: {name} and Mara", moment(at) + timedelta(minutes=1))
            for name, one, at in (("Kim", KIM, LEFT), ("Otto", OTTO, MOVED))
            for mail in (one, MARA)
        ],
        history=[*quarter.history, left_behind],
        pages=[*quarter.pages, *pages],
    )
