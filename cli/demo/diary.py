"""What an actor of the demo did, when, and how it shared it: one JSON line an act.

Beside the tenant itself this is the only witness that the invariants hear."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

Act = Literal[
    "read_letter",
    "opened_page",
    "answered_form",
    "chose_to_talk",
    "wrote_learning_moment",
    "said_outcome",
    "wrote_note",
    "made_action",
    "accepted_action",
    "finished_action",
    "set_new_date",
    "snoozed_action",
    "dropped_action",
    "asked_for_help",
    "noted_progress",
    "answered_stall",
    "made_plan_smaller",
    "paused_plan",
    "left_plan_as_is",
    "kept_hr_out",
    "resumed_plan",
    "was_invited",
    "declined_invitation",
    "declined_silently",
    "deleted_invitation",
    "dragged_copy",
    "proposed_hour",
    "went_on_leave",
    "left_out",
    "chose_slot",
    "chose_no_slot",
    "chose_for_successor",
    "took_over_action",
    "let_orphan_go",
    "invited_supporter",
    "accepted_invitation_to_support",
    "asked_for_feedback",
    "gave_feedback",
    "got_manager",
    "left_company",
]
"""read_letter, opened_page and was_invited only look; every other act is one accepted form, or one in Outlook.

The links name what each is about: answered_form to made_action a check-in, accepted_action
to noted_progress an action, answered_stall to kept_hr_out a stall, resumed_plan a plan, and the rest a check-in.
was_invited and what is done in Outlook with an invitation have its `start` and `end` among the fields, proposed_hour
also `to` and `until`, went_on_leave `first` and `last`, and chose_slot the words for the `hour`.
chose_for_successor is about a handover, and says which title was `chosen` and which were `withheld`, a line each;
took_over_action and let_orphan_go are about an action. invited_supporter is about a goal, with its `title` and `who`
is invited, asked_for_feedback about nothing but who is asked (`name-1` and `name-2`), and what answers either about
the request that the letter named. got_manager (who: `manager`) and left_company befall people.
"""


@dataclass(frozen=True, slots=True)
class Canary:
    """A sentence that occurs nowhere else in the world, typed into one field."""

    sentence: str
    shared: bool
    """Whether its writer shared the field with the other of the check-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act of one person.

    `at` is the virtual UTC instant at which the page took it, `person` a mail address; `link` is the path
    (with query) opened or posted to, `letter` the path of the link in the letter that led here, if one did;
    `fields` is what was typed or chosen, by form field name (`said`, `due_on`, `title`, `days`, `reason`);
    `shared` goes by question key; `status` is the page's answer (a redirect after a post counts as done).
    """

    at: datetime
    person: str
    did: Act
    link: str
    letter: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    shared: dict[str, bool] = field(default_factory=dict)
    canaries: tuple[Canary, ...] = ()
    owner: str | None = None
    """Of made_action: the mail address of whose action it is."""
    status: int = 200

    @property
    def took_effect(self) -> bool:
        return self.status < 400

    @property
    def target(self) -> str:
        """The id in the path: "/actions/A/done?x=1" is about "A"; empty where the path names none."""
        parts = self.link.partition("?")[0].strip("/").split("/")
        return parts[1] if len(parts) > 1 else ""


def to_line(entry: Entry) -> str:
    """An entry as one line of JSON, without the line break."""
    if entry.at.tzinfo is None:
        raise ValueError(f"The diary entry of {entry.person} at {entry.at} needs a zone.")
    document = asdict(entry) | {"at": entry.at.astimezone(UTC).isoformat()}
    return json.dumps(document, ensure_ascii=False, sort_keys=True)


def from_line(line: str) -> Entry:
    """The entry that `to_line` wrote; ValueError on an act that no diary knows."""
    document: dict[str, Any] = json.loads(line)
    if document["did"] not in get_args(Act):
        known = ", ".join(get_args(Act))
        raise ValueError(f"{document['did']!r} is not an act of a diary; known are {known}.")
    return Entry(
        **document
        | {
            "at": datetime.fromisoformat(document["at"]),
            "canaries": tuple(Canary(**each) for each in document["canaries"]),
        }
    )


def append(path: Path, entries: Iterable[Entry]) -> None:
    """Adds entries to the end of a diary file."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(to_line(entry) + "\n" for entry in entries)


def read(path: Path) -> list[Entry]:
    """All entries of a diary file in the order of time; none when there is no file."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return sorted((from_line(line) for line in lines if line), key=lambda entry: entry.at)
