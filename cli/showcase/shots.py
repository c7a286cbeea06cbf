"""Which pages are photographed, in the order in which they are: a name, an address, who looks, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Act = Literal["before", "pre-read", "after"]
"""A week before the talk, the day before, some hours after it."""
Look = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Shot:
    """`path` has {first_name-thing} for ids of the cast: {ann-talk}. `who` is a first name; None is not signed in.

    `typed` is sent with the form whose button is `press`, before the picture is taken. Of what differs from another
    picture in its first screen alone, the `top` is enough. Who is `signed_out` is so while they type. What is `inside`
    is the file of that name in the archive that `path` gives out.
    """

    name: str
    title: str
    path: str
    who: str | None = "Ann"
    act: Act = "before"
    language: str = "en"
    look: Look = "light"
    typed: tuple[tuple[str, str], ...] = ()
    press: str | None = None
    top: bool = False
    signed_out: bool = False
    inside: str | None = None


BEFORE: Sequence[Shot] = (
    Shot("sign-in", "Sign-in (the sandbox tenant's account picker)", "/sign-in", None),
    Shot("signed-out", "Signed out", "/signed-out", None),
    Shot("home", "Home", "/"),
    Shot("home-manager", "Home of a manager", "/", "Mara"),
    Shot("reflection", "Reflection", "/reflections/{ann-talk}"),
    Shot("reflection-empty", "Reflection, nothing written yet", "/reflections/{ida-talk}", "Ida"),
    Shot("learning-moment", "Learning moment of a manager", "/learning-moment", "Mara"),
    Shot("check-in-ahead", "A check-in that lies ahead", "/check-ins/{ann-talk}"),
    Shot("another-time", "Another time", "/check-ins/{ann-talk}/another-time"),
    Shot("not-this-time", "Not this time", "/check-ins/{ann-talk}/not-this-time"),
    Shot("slots", "Three hours to choose from", "/check-ins/{sami-talk}/slots", "Mara"),
    Shot("plan", "My plan", "/plan"),
    Shot("plan-empty", "A plan that has not begun", "/plan", "Hale"),
    Shot("plan-of-ann", "Ann's plan, as her manager sees it", "/plans/{ann-plan}", "Mara"),
    Shot("goal", "A goal", "/goals/{ann-goal-0}"),
    Shot("action", "An action", "/actions/{ann-calls}"),
    Shot("action-proposed", "An action that somebody proposes", "/actions/{ann-later}", top=True),
    Shot("action-done", "Confirm: it is done", "/actions/{ann-calls}?choose=done", top=True),
    Shot("action-new-date", "Confirm: a new date", "/actions/{ann-calls}?choose=new-date", top=True),
    Shot("action-help", "Confirm: I need help", "/actions/{ann-calls}?choose=help", top=True),
    Shot("action-drop", "Confirm: let it go", "/actions/{ann-calls}?choose=drop", top=True),
    Shot("action-snooze", "Confirm: snooze", "/actions/{ann-calls}?choose=snooze", top=True),
    Shot("action-time", "Book time for an action", "/actions/{ann-calls}?choose=time", top=True),
    Shot("action-reached", "An action that is done", "/actions/{ann-handbook}"),
    Shot("supporting", "Somebody asks me along", "/supporting/{ann-peer-of}", "Ida"),
    Shot("supporting-yes", "Standing by somebody", "/supporting/{ann-mentor-of}", "Otto"),
    Shot("stall", "A plan that has been quiet", "/stalls/{ida-stall}", "Ida"),
    Shot("stall-with-manager", "One whose next step is the manager's", "/stalls/{sami-stall}", "Sami"),
    Shot("handover", "What a new manager may see", "/handovers/{kai-handover}", "Kai"),
    Shot("feedback", "Feedback", "/feedback"),
    Shot("feedback-give", "Give feedback", "/feedback/{ann-feedback-2}", "Ida"),
    Shot(
        "feedback-advice",
        "Gentle advice on feedback",
        "/feedback/{ann-feedback-2}",
        "Ida",
        typed=(("behaviour", "You are always so chaotic."),),
        press="Send",
    ),
    Shot("feedback-read", "Read feedback", "/feedback/{ann-feedback-0}"),
    Shot("feedback-shown", "Feedback that somebody shows to their manager", "/feedback/{ann-feedback-1}", "Mara"),
    Shot("pathways", "Pathways", "/pathways"),
    Shot("pathway-role", "A role", "/pathways/roles/senior-analyst"),
    Shot("pathways-shown", "What interests my people", "/pathways/shown", "Mara"),
    Shot("pathways-hr", "How many are interested in what", "/hr/pathways", "Hale"),
    Shot("privacy", "Privacy", "/privacy"),
    Shot("export", "What is kept of somebody, as a file of theirs", "/privacy/export", inside="perennial.html"),
    Shot("hr", "HR", "/hr", "Hale"),
    Shot("hr-administrator", "The same page, as the administrator sees it", "/hr", "Ira"),
    Shot("history", "History", "/history"),
    Shot("history-search", "History, searched", "/history", typed=(("q", "pricing"),), press="Search"),
    Shot("check-in-past", "A past check-in", "/check-ins/{ann-past-1}"),
    Shot("own-words", "A past check-in, for who holds them no longer", "/check-ins/{kai-past-1}", "Hugo"),
    Shot(
        "signed-out-meanwhile",
        "Signed out in the meantime",
        "/check-ins/{ann-talk}",
        typed=(("text", "Ask Pricing for half an hour before the next review."),),
        press="Save the note",
        signed_out=True,
    ),
    Shot("trouble", "What is not there, or not yours", "/check-ins/{ann-talk}", "Otto"),
    Shot("home-de", "Home, in German", "/", language="de"),
    Shot("reflection-de", "Reflection, in German", "/reflections/{ann-talk}", language="de"),
    Shot("plan-de", "My plan, in German", "/plan", language="de"),
    Shot("action-new-date-de", "A new date, in German", "/actions/{ann-calls}?choose=new-date", language="de"),
    Shot("privacy-de", "Privacy, in German", "/privacy", language="de"),
    Shot("home-dark", "Home, in the dark", "/", look="dark", top=True),
    Shot("reflection-dark", "Reflection, in the dark", "/reflections/{ann-talk}", look="dark", top=True),
    Shot("plan-dark", "My plan, in the dark", "/plan", look="dark", top=True),
)
PRE_READ: Sequence[Shot] = (
    Shot("pre-read", "Pre-read", "/check-ins/{ann-talk}/pre-read", "Mara", "pre-read"),
    Shot("check-in", "Check-in, the day before", "/check-ins/{ann-talk}", "Mara", "pre-read"),
    Shot("check-in-dark", "Check-in, in the dark", "/check-ins/{ann-talk}", "Ann", "pre-read", look="dark", top=True),
    Shot("pre-read-de", "Pre-read, in German", "/check-ins/{ann-talk}/pre-read", "Mara", "pre-read", "de"),
)
AFTER: Sequence[Shot] = (
    Shot("outcome", "How it went", "/check-ins/{ann-talk}?said=held", act="after"),
    Shot("home-after", "Home, some hours after the talk", "/", act="after"),
    Shot("handover-shown", "What somebody shows their new manager", "/handovers/{kai-handover}", "Mara", "after"),
    Shot("slots-chosen", "An hour that is being settled", "/check-ins/{sami-talk}/slots", "Mara", "after"),
    Shot("stall-ended", "A quiet plan whose person chose a pause", "/stalls/{ida-stall}", "Ida", "after"),
    Shot("plan-resting", "A plan that rests", "/plan", "Ida", "after"),
    Shot("outcome-de", "How it went, in German", "/check-ins/{ann-talk}?said=held", act="after", language="de"),
)
SHOTS = (*BEFORE, *PRE_READ, *AFTER)
LETTERS_IN_GERMAN = ("reflection_request", "pre_read", "action_passed", "support_note", "outcome_question")
