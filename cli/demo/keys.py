"""Reads the keys that letters carry: what each is about, and how it may travel."""

from dataclasses import dataclass
from datetime import date

ALONE = frozenset({"form", "pre-read", "cancelled"})
"""These travel alone and are not counted."""

KINDS = ALONE | {
    "form-reminder",
    "learning",
    "outcome",
    "action",
    "support",
    "weekly",
    "nohour",
    "slots",
    "moves",
    "handover",
    "orphan",
    "feedback",
    "supporter",
    "help",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key in parts: "action/A/2030-03-01/2" is of kind "action", about "A"."""

    text: str

    @property
    def parts(self) -> list[str]:
        return self.text.split("/")

    @property
    def kind(self) -> str:
        return self.parts[0]

    @property
    def about(self) -> str:
        """The check-in, action, plan or person that the key names first."""
        return self.parts[1]

    @property
    def known(self) -> bool:
        return self.kind in KINDS and len(self.parts) > 1

    @property
    def asked(self) -> int:
        """Of an outcome question: whether it is the first or the second. outcome/C/1|2/P"""
        return int(self.parts[-2])

    @property
    def due_on(self) -> date:
        """Of an action's rung: the due date it belongs to. action/A/due/step"""
        return date.fromisoformat(self.parts[2])

    @property
    def rung(self) -> int:
        return int(self.parts[3])

    @property
    def stall(self) -> str:
        """Of a support step: support/plan/stall/step/P"""
        return self.parts[2]

    @property
    def step(self) -> str:
        return self.parts[3]

    @property
    def alone(self) -> bool:
        return self.kind in ALONE

    @property
    def expires(self) -> bool:
        """Whether it joins the day's message even in a week that has its fill."""
        if self.kind == "action":
            return self.rung in (-1, 2)
        return self.kind in ("form-reminder", "outcome", "nohour", "slots", "handover")

    @property
    def may_wait(self) -> bool:
        return not self.alone and not self.expires


def keys_of(texts: tuple[str, ...]) -> list[Key]:
    return [Key(text) for text in texts]
