"""One sample of every kind of letter part, as Ann, Mara and Hale would get it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from activities.letters.catalogue import (
    ActionAhead,
    ActionPassed,
    ActionStep,
    ActionStillOpen,
    ActionTomorrow,
    ActionWithoutOwner,
    FeedbackRequest,
    Handover,
    LearningMoment,
    Moves,
    OutcomeQuestion,
    Part,
    PreRead,
    ReflectionReminder,
    ReflectionRequest,
    Slots,
    SupportNote,
    SupportRepairs,
    SupportRequest,
    SupportRest,
    Weekly,
)
from activities.letters.render import Rendered, render

AT = "https://perennial.example/at"

Step = TypeVar("Step", bound=ActionStep)


def sample_parts() -> tuple[Part, ...]:
    return (
        ReflectionRequest(
            partner_name="Mara",
            day="Thursday 11 March",
            hour="10:00",
            questions=4,
            minutes=8,
            form_url=f"{AT}/form?from=letter&no=1",
            talk_url=f"{AT}/talk",
            another_time_url=f"{AT}/another-time",
            not_this_time_url=f"{AT}/not-this-time",
            leaves_day="Wednesday 10 March",
            leaves_hour="09:30",
        ),
        ReflectionReminder(partner_name="Mara", day="Thursday", form_url=f"{AT}/form", talk_url=f"{AT}/talk"),
        LearningMoment(url=f"{AT}/learning", minutes=3),
        PreRead(
            names="Ann and Mara",
            when="tomorrow at 10:00",
            manager_name="Mara",
            employee_name="Ann",
            promises=(
                ("Mara", ("introduce Ann to the pricing team (now 19 March)",)),
                ("Ann", ("join two customer calls (one done)", "read the pricing handbook")),
            ),
            learning="I fixed the release myself instead of asking. Next time I ask.",
            lines=(
                ("Learned", "Customers call me when numbers look odd."),
                ("Surprised", "I enjoyed presenting."),
                ("Next", "More customer time; explaining is what I want to be good at."),
            ),
            pathway=("Senior analyst, Pricing (until 29 March)",),
            celebrating="her first customer call.",
            ask=("What made presenting work?", "What could go, to make room?"),
            page_url=f"{AT}/pre-read",
            link_only=False,
        ),
        OutcomeQuestion(
            partner_name="Mara",
            day="Thursday 11 March",
            page_url=f"{AT}/outcome",
            held_url=f"{AT}/outcome?answer=held",
            moved_url=f"{AT}/outcome?answer=moved",
            not_held_url=f"{AT}/outcome?answer=not-held",
            second=False,
        ),
        Slots(
            partner_name="Mara",
            until_day="Tuesday 16 March",
            kept_day=None,
            kept_hour=None,
            moves=0,
            slots_url=f"{AT}/slots",
            not_this_time_url=f"{AT}/not-this-time",
        ),
        Moves(
            partner_name="Mara",
            day="Thursday 11 March",
            hour="10:00",
            another_time_url=f"{AT}/another-time",
            not_this_time_url=f"{AT}/not-this-time",
        ),
        action(ActionAhead),
        action(ActionTomorrow),
        action(ActionPassed),
        action(ActionStillOpen),
        SupportNote(
            about="own_plan",
            partner_name="Mara",
            time_url=f"{AT}/why/time",
            goal_url=f"{AT}/why/goal",
            access_url=f"{AT}/why/access",
            help_url=f"{AT}/why/help",
            rather_not_say_url=f"{AT}/why/rather-not-say",
            smaller_url=f"{AT}/smaller",
            pause_url=f"{AT}/pause",
            leave_url=f"{AT}/leave",
            keep_hr_out_url=f"{AT}/keep-hr-out",
            repairs_day="8 March",
            hr_day="22 March",
            hr_name="Hale",
            pause_day="5 April",
        ),
        SupportRepairs(
            partner_name="Mara",
            repairs=(
                ("Make the next step smaller", f"{AT}/repair/smaller"),
                ("Move one date", f"{AT}/repair/date"),
                ("Put fifteen minutes in both calendars", f"{AT}/repair/talk"),
            ),
            hr_day="22 March",
            hr_name="Hale",
            kept_out=False,
        ),
        SupportRequest(
            names="Ann and Mara",
            stage="Their plan has been quiet since 15 January.",
            reason="access or budget",
            url=f"{AT}/support",
        ),
        SupportRest(url=f"{AT}/plan"),
        Weekly(open_count=2, url=f"{AT}/open"),
        Handover(former_name="Mara", successor_name="Otto", choose_url=f"{AT}/handover"),
        ActionWithoutOwner(
            title="Introduce Ann to the pricing team",
            owner_name="Mara",
            due_day="23 February",
            partner_name="Otto",
            page_url=f"{AT}/action",
        ),
        FeedbackRequest(
            asker_name="Ann Berg",
            about="the pricing workshop on Tuesday",
            until_day="Monday 25 March",
            url=f"{AT}/feedback",
        ),
    )


def action(kind: type[Step]) -> Step:
    return kind(
        title="Introduce Ann to the pricing team",
        with_name="Ann",
        agreed_day="10 December",
        due_day="23 February",
        done_url=f"{AT}/action/done",
        new_date_url=f"{AT}/action/new-date",
        help_url=f"{AT}/action/help",
        drop_url=f"{AT}/action/drop",
        snooze_url=f"{AT}/action/snooze",
        page_url=f"{AT}/action",
        others=("Ann",),
    )


@pytest.fixture(scope="session")
def parts() -> dict[str, Part]:
    """A sample of each kind, by its template's name."""
    return {part.template: part for part in sample_parts()}


@pytest.fixture(scope="session")
def letter_to() -> Callable[[str, Sequence[Part]], Rendered]:
    """Renders parts for somebody, with the frame that every letter has."""

    def letter(name: str, parts: Sequence[Part]) -> Rendered:
        return render(
            name,
            parts,
            home_url="https://perennial.example/",
            help_contact="people@example.com",
            privacy_url="https://perennial.example/privacy?in=plain&words=1",
        )

    return letter
