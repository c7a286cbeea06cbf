"""One letter of every kind, as Ann, Mara and Hale would get it: for tests, and for pictures of what people get."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from activities.letters.catalogue import (
    ActionAhead,
    ActionPassed,
    ActionStep,
    ActionStillOpen,
    ActionTomorrow,
    ActionWithoutOwner,
    FeedbackRequest,
    Handover,
    HelpAsked,
    LearningMoment,
    Moves,
    OutcomeQuestion,
    Part,
    PreRead,
    ReflectionReminder,
    ReflectionRequest,
    Slots,
    SupporterInvitation,
    SupportNote,
    SupportRepairs,
    SupportRequest,
    SupportRest,
    Weekly,
)
from activities.letters.render import Rendered, render
from activities.letters.wording import Wording
from config.languages import DEFAULT, Language, words_in
from cycle.reflection import BY_KEY
from cycle.sentences import Sentence
from cycle.support import REASON_WORDS, three_repairs

HERE = "https://perennial.example"
TALK = date(2030, 3, 14)
"""A Thursday."""
HOUR = time(10)

# What people wrote is in the language they share; nobody translates it.
_WRITTEN: dict[Language, dict[str, str]] = {
    "en": {
        "action": "Join two customer calls",
        "moved": "introduce Ann to the pricing team (now 19 March)",
        "calls": "join two customer calls (one done)",
        "handbook": "read the pricing handbook",
        "moment": "I fixed the release myself instead of asking. Next time I ask.",
        "learned": "Customers call me when numbers look odd.",
        "surprised": "I enjoyed presenting.",
        "next": "More customer time; explaining is what I want to be good at.",
        "celebrating": "her first customer call.",
        "opening": "Senior analyst, Pricing (until 29 March)",
        "workshop": "the pricing workshop on Tuesday",
    },
    "de": {
        "action": "Bei zwei Kundengesprächen dabei sein",
        "moved": "Ann mit dem Preisteam bekannt machen (jetzt 19. März)",
        "calls": "bei zwei Kundengesprächen dabei sein (eins ist erledigt)",
        "handbook": "das Preishandbuch lesen",
        "moment": "Ich habe das Release selbst repariert, statt zu fragen. Nächstes Mal frage ich.",
        "learned": "Wenn Zahlen seltsam aussehen, rufen Kunden mich an.",
        "surprised": "Präsentieren hat mir Freude gemacht.",
        "next": "Mehr Zeit mit Kunden; ich möchte gut erklären können.",
        "celebrating": "ihr erstes Kundengespräch.",
        "opening": "Senior Analyst, Preise (bis 29. März)",
        "workshop": "der Preis-Workshop am Dienstag",
    },
}

Step = TypeVar("Step", bound=ActionStep)


def sample_parts(locale: str = DEFAULT) -> dict[str, Part]:
    """A part of each kind, by its template's name."""
    words = words_in(locale)
    written = _WRITTEN[words.language]
    wording = Wording(words)
    day, weekday = words.weekday_and_day(TALK), words.weekday(TALK)

    def action(kind: Callable[..., Step]) -> Step:
        return kind(
            title=written["action"],
            with_name="Mara",
            agreed_day=words.short_day(date(2029, 12, 10)),
            due_day=words.short_day(date(2030, 2, 23)),
            done_url=f"{HERE}/actions/1?choose=done",
            new_date_url=f"{HERE}/actions/1?choose=new-date",
            help_url=f"{HERE}/actions/1?choose=help",
            drop_url=f"{HERE}/actions/1?choose=drop",
            snooze_url=f"{HERE}/actions/1?choose=snooze",
            time_url=f"{HERE}/actions/1?choose=time",
            page_url=f"{HERE}/actions/1",
            others=("Mara",),
        )

    parts: tuple[Part, ...] = (
        ReflectionRequest(
            partner_name="Mara",
            day=day,
            hour=words.clock(HOUR),
            questions=4,
            minutes=8,
            form_url=f"{HERE}/reflections/1",
            talk_url=f"{HERE}/reflections/1?do=talk",
            another_time_url=f"{HERE}/check-ins/1/another-time",
            not_this_time_url=f"{HERE}/check-ins/1/not-this-time",
            leaves_day=words.weekday(date(2030, 3, 13)),
            leaves_hour=words.clock(time(9, 30)),
        ),
        ReflectionReminder(
            partner_name="Mara",
            day=weekday,
            form_url=f"{HERE}/reflections/1",
            talk_url=f"{HERE}/reflections/1?do=talk",
        ),
        LearningMoment(url=f"{HERE}/learning-moment", minutes=3),
        PreRead(
            names=wording.listed(["Ann", "Mara"]),
            when=wording.when(datetime(2030, 3, 14, 10, tzinfo=UTC), datetime(2030, 3, 13, 9, tzinfo=UTC)),
            manager_name="Mara",
            employee_name="Ann",
            promises=(("Mara", (written["moved"],)), ("Ann", (written["calls"], written["handbook"]))),
            learning=written["moment"],
            lines=tuple((words.say(BY_KEY[key].label), written[key]) for key in ("learned", "surprised", "next")),
            pathway=(written["opening"],),
            celebrating=written["celebrating"],
            ask=(
                words.say(Sentence("What made that a surprise?")),
                words.say(Sentence("What could go, to make room for what comes next?")),
            ),
            page_url=f"{HERE}/check-ins/1",
            link_only=False,
        ),
        OutcomeQuestion(
            partner_name="Mara",
            day=day,
            page_url=f"{HERE}/check-ins/1",
            held_url=f"{HERE}/check-ins/1?said=held",
            moved_url=f"{HERE}/check-ins/1?said=moved",
            not_held_url=f"{HERE}/check-ins/1?said=did_not_happen",
            second=False,
        ),
        Slots(
            partner_name="Mara",
            until_day=words.weekday_and_day(date(2030, 3, 19)),
            kept_day=None,
            kept_hour=None,
            moves=0,
            slots_url=f"{HERE}/check-ins/1/slots",
            not_this_time_url=f"{HERE}/check-ins/1/not-this-time",
        ),
        Moves(
            partner_name="Mara",
            day=day,
            hour=words.clock(HOUR),
            another_time_url=f"{HERE}/check-ins/1/another-time",
            not_this_time_url=f"{HERE}/check-ins/1/not-this-time",
        ),
        action(ActionAhead),
        action(ActionTomorrow),
        action(ActionPassed),
        action(ActionStillOpen),
        SupportNote(
            about="own_plan",
            partner_name="Mara",
            time_url=f"{HERE}/stalls/1#time",
            goal_url=f"{HERE}/stalls/1#goal",
            access_url=f"{HERE}/stalls/1#access",
            help_url=f"{HERE}/stalls/1#help",
            rather_not_say_url=f"{HERE}/stalls/1#rather_not_say",
            smaller_url=f"{HERE}/stalls/1?choose=smaller",
            pause_url=f"{HERE}/stalls/1?choose=pause",
            leave_url=f"{HERE}/stalls/1?choose=leave",
            keep_hr_out_url=f"{HERE}/stalls/1?choose=keep-hr-out",
            repairs_day=words.short_day(date(2030, 3, 8)),
            hr_day=words.short_day(date(2030, 3, 22)),
            hr_name="Hale",
            pause_day=words.short_day(date(2030, 4, 5)),
        ),
        SupportRepairs(
            partner_name="Mara",
            repairs=tuple(
                (words.say(repair.text), f"{HERE}/actions/1?choose={repair.key}")
                for repair in three_repairs("action/1")
            ),
            hr_day=words.short_day(date(2030, 3, 22)),
            hr_name="Hale",
            kept_out=False,
            keep_hr_out_url=f"{HERE}/stalls/1?choose=keep-hr-out",
        ),
        SupportRequest(
            names=wording.listed(["Ann", "Mara"]),
            stage=words.say(Sentence("Both have had a note and three simple repairs.")),
            reason=words.say(REASON_WORDS["access"]),
            url=f"{HERE}/hr",
        ),
        SupportRest(url=f"{HERE}/plan"),
        Weekly(open_count=2, url=f"{HERE}/plan"),
        Handover(former_name="Mara", successor_name="Otto", choose_url=f"{HERE}/handovers/1"),
        ActionWithoutOwner(
            title=written["action"],
            owner_name="Mara",
            due_day=words.short_day(date(2030, 2, 23)),
            partner_name="Otto",
            page_url=f"{HERE}/actions/1",
        ),
        FeedbackRequest(
            asker_name="Ann Berg",
            about=written["workshop"],
            until_day=words.weekday_and_day(date(2030, 3, 25)),
            url=f"{HERE}/feedback/1",
        ),
        SupporterInvitation(asker_name="Ann Berg", about="goal", url=f"{HERE}/supporting/1"),
        HelpAsked(asker_name="Ann", about="plan", url=f"{HERE}/plans/1"),
    )
    return {part.template: part for part in parts}


def sample_letters(locale: str = DEFAULT) -> dict[str, Rendered]:
    """A whole letter of each kind, by its template's name; and some of the other ways they can be worded."""
    parts = sample_parts(locale)
    words = words_in(locale)
    day, hour = words.weekday_and_day(TALK), words.clock(HOUR)
    letters: dict[str, list[Part]] = {name: [part] for name, part in parts.items()}
    letters |= {
        "pre_read_link_only": [_but(parts["pre_read"], link_only=True, page_url=f"{HERE}/check-ins/1/pre-read")],
        "slots_for_an_assistant": [_but(parts["slots"], assisted_name="Mara", partner_name="Sami")],
        "slots_beside_a_kept_hour": [_but(parts["slots"], kept_day=day, kept_hour=hour, moves=2)],
        "support_note_about_check_ins": [_but(parts["support_note"], about="check_ins", keep_hr_out_url=None)],
        "several_things": [parts[name] for name in ("outcome_question", "action_passed", "weekly")],
    }
    return {
        name: render(
            {"support_request": "Hale", "learning_moment": "Mara", "help_asked": "Mara"}.get(name, "Ann"),
            each,
            home_url=HERE,
            help_contact="people@perennial.example",
            privacy_url=f"{HERE}/privacy",
            locale=locale,
        )
        for name, each in letters.items()
    }


def _but(part: Part, **changes: Any) -> Part:
    return replace(part, **changes)
