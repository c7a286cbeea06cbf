"""What an export's page says in place of what is stored: days and hours as people write them, and words for codes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from config.languages import Words, fitting, locale_for, words_in
from cycle.pathways import Catalogue
from cycle.pre_read import Snapshot
from cycle.reflection import BY_KEY
from cycle.sentences import Sentence
from web.check_ins import SAID, STATES, WORTH
from web.plan_words import EVENTS, GOAL_STATES, MODALITIES, REASONS, ROLES

CODES: dict[tuple[str, str], Mapping[str, Sentence]] = {
    ("reporting", "source"): {"directory": Sentence("the directory"), "override": Sentence("HR")},
    ("leaves", "source"): {
        "replies": Sentence("automatic replies"),
        "calendar": Sentence("the calendar"),
        "file": Sentence("HR's file"),
        "command": Sentence("HR"),
    },
    ("check_ins", "kind"): {
        "regular": Sentence("regular"),
        "touch-point": Sentence("a touch-point"),
        "handover": Sentence("the first with a new partner"),
        "return": Sentence("after some time away"),
    },
    ("check_ins", "state"): STATES,
    ("bookings", "state"): {
        "intended": Sentence("being put into the calendars"),
        "booked": Sentence("in the calendars"),
        "moved": Sentence("given up for another hour"),
        "cancelled": Sentence("called off"),
        "paused": Sentence("paused"),
    },
    ("offers", "state"): {
        "wanted": Sentence("being looked for"),
        "open": Sentence("open"),
        "picked": Sentence("chosen"),
        "taken": Sentence("booked"),
        "gone": Sentence("taken by somebody else"),
        "none": Sentence("none suited"),
        "over": Sentence("past"),
    },
    ("outcome_answers", "said"): SAID,
    ("answers", "question"): {key: question.text for key, question in BY_KEY.items()},
    ("heard_lines", "answer"): {"yes": Sentence("Yes"), "not_quite": Sentence("Not quite")},
    ("worth_answers", "worth"): WORTH,
    ("plans", "state"): {"active": Sentence("in use"), "resting": Sentence("resting")},
    ("goals", "state"): GOAL_STATES,
    ("actions", "state"): {"open": Sentence("open"), "done": Sentence("done"), "dropped": Sentence("let go")},
    ("actions", "modality"): MODALITIES,
    ("action_events", "what"): EVENTS,
    ("evidence", "kind"): {
        "outcome": Sentence("What came of it"),
        "change": Sentence("What changed because of it"),
        "word": Sentence("A word"),
    },
    ("supporters", "role"): ROLES,
    ("supporters", "state"): {
        "invited": Sentence("not answered yet"),
        "accepted": Sentence("with you"),
        "declined": Sentence("not this time"),
        "withdrawn": Sentence("withdrawn"),
        "stepped_back": Sentence("stepped back"),
    },
    ("feedback_requests", "state"): {
        "asked": Sentence("not answered yet"),
        "answered": Sentence("answered"),
        "declined": Sentence("not this time"),
        "taken_back": Sentence("taken back"),
        "no_answer": Sentence("no answer"),
    },
    ("roles_of_people", "source"): {"own": Sentence("you said so"), "import": Sentence("HR's file")},
    ("stall_answers", "reason"): REASONS,
    ("shown_to_successor", "kind"): {
        "goal": Sentence("a goal"),
        "action": Sentence("an action"),
        "topic": Sentence("a topic"),
        "heard": Sentence("what was heard"),
        "note": Sentence("a note"),
        "answer": Sentence("an answer"),
        "pre-read": Sentence("a page read before a talk"),
    },
    ("letters", "state"): {
        "planned": Sentence("planned"),
        "drafted": Sentence("written"),
        "sent": Sentence("sent"),
        "dropped": Sentence("not sent"),
    },
    ("letter_items", "state"): {
        "waiting": Sentence("planned"),
        "taken": Sentence("in a letter"),
        "sent": Sentence("sent"),
        "dropped": Sentence("not sent"),
    },
    ("letter_items", "kind"): {
        "reflection_request": Sentence("your questions before a talk"),
        "reflection_reminder": Sentence("your questions before a talk, once more"),
        "learning_moment": Sentence("a learning moment"),
        "pre_read": Sentence("a page read before a talk"),
        "outcome_question": Sentence("whether you talked"),
        "slots": Sentence("hours to choose from"),
        "moves": Sentence("that a talk moved"),
        "action_ahead": Sentence("an action, ahead of its day"),
        "action_tomorrow": Sentence("an action, the day before"),
        "action_passed": Sentence("an action, after its day"),
        "action_still_open": Sentence("an action, once more"),
        "support_note": Sentence("a plan that was quiet"),
        "support_repairs": Sentence("three repairs for a plan"),
        "support_request": Sentence("a request to offer help"),
        "support_rest": Sentence("that a plan rests"),
        "weekly": Sentence("the week's open things"),
        "handover": Sentence("a new conversation partner"),
        "action_without_owner": Sentence("an action whose owner has left"),
        "feedback_request": Sentence("a request for feedback"),
        "help_asked": Sentence("a call for help"),
        "supporter_invitation": Sentence("an invitation to support somebody"),
    },
    ("readings", "what"): {
        "reflection": Sentence("what was shared before a check-in"),
        "learning": Sentence("a learning moment"),
        "pre-read": Sentence("a page read before a talk"),
        "notes": Sentence("notes of a check-in"),
        "plan": Sentence("a plan"),
        "action": Sentence("an action"),
        "stall": Sentence("what is in the way"),
        "goal": Sentence("a goal"),
        "feedback": Sentence("feedback"),
        "interest": Sentence("a role or an opening"),
        "invitation": Sentence("an invitation to support somebody"),
    },
    ("audit", "did"): {
        "exported their own data": Sentence("took a copy of everything along"),
        "left out a check-in": Sentence("left out a check-in"),
        "chose what a new partner sees": Sentence("chose what a new partner sees"),
        "held a cycle": Sentence("paused somebody's check-ins"),
        "released a cycle": Sentence("let somebody's check-ins go on"),
    },
}
"""(table, column) -> code -> what people read. A code with a slash and an id behind it is known by what is before."""

CATALOGUED = {
    ("interests", "about"),
    ("pathway_lines", "about"),
    ("roles_of_people", "role"),
    ("roles_of_people", "role_before"),
}
"""Keys of roles and openings."""


def said(table: str, column: str, value: Any, words: Words, zone: str, ways: Catalogue) -> str:
    """One value as its person reads it; "" for nothing. `zone` is theirs (IANA), `ways` what the keys of roles mean."""
    place = table, column
    if value is None:
        return ""
    if isinstance(value, bool):
        return words.gettext("yes") if value else words.gettext("no")
    if isinstance(value, datetime):
        return words.hour(value, zone)
    if isinstance(value, date):
        return words.day(value)
    if place in CODES:
        code = value if value in CODES[place] else str(value).partition("/")[0]
        return words.say(CODES[place].get(code, value))
    if place in CATALOGUED:
        named = ways.named(value if "/" in value else f"role/{value}")
        return (f"{named.role.name}, {named.opening.where}" if named.opening else named.role.name) if named else value
    match place:
        case "learning_moments", "period":
            # "<policy>/<number>": of its number alone nobody would make anything.
            return ""
        case "people", "away":
            spans = ([words.hour(datetime.fromisoformat(each), zone) for each in span] for span in value)
            return "; ".join(" – ".join(span) for span in spans)
        case "people", "country":
            return words.country(value)
        case "people", "language" | "language_chosen":
            return words_in(locale_for([value])).name if fitting(value) else str(value)
        case "pre_reads", "content":
            return _page(Snapshot.model_validate(value), words)
    return words.say(value) if isinstance(value, Sentence) else str(value)


def _page(page: Snapshot, words: Words) -> str:
    """A line for each thing that both read."""
    promised = [
        f"{name}: {each.what}" + (f" ({words.day(each.due_on)})" if each.due_on else "")
        for name, promises in page.promises
        for each in promises
    ]
    steps = [
        ", ".join(filter(None, (each.role, each.where, words.day(each.closes_on) if each.closes_on else "")))
        for each in page.pathway
    ]
    lines = [f"{words.say(label)}: {line}" for label, line in page.lines]
    texts = [text for text in (page.learning, page.celebrating) if text]
    return "\n".join((*promised, *texts, *lines, *steps, *map(words.say, page.ask)))
