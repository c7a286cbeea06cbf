"""What HR reads about things that wait: a line a cause, with what to do, and how many wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.stuck import MADE_OF, Kind, line_key, permission_for, sentence

ABOUTS = {
    Kind.NOT_ALLOWED: permission_for("Mail.Send", "a@b.example"),
    Kind.NO_TOKEN: "Entra gave the app no token (AADSTS7000222): make a new secret.",
    Kind.NO_MAILBOX: "mara@b.example",
    Kind.BUSY: "Could not book a check-in: Microsoft Graph is busy or unwell (503).",
    Kind.UNANSWERED: "",
    Kind.UNREADABLE: "",
    Kind.ZONE: "Mars/Olympus",
    Kind.FAULT: "ValueError in letters.deliver, activities/letters/render.py:80",
}
MENDED_BY = {
    Kind.NOT_ALLOWED: "grants Mail.Send for a@b.example",
    Kind.NO_TOKEN: "make a new secret",
    Kind.NO_MAILBOX: "correct the address",
    Kind.BUSY: "service health",
    Kind.UNANSWERED: "worker runs",
    Kind.UNREADABLE: "PERENNIAL_ENCRYPTION_KEYS",
    Kind.ZONE: "import them with another",
    Kind.FAULT: "report it",
}


@pytest.mark.parametrize("kind", Kind)
def test_each_line_says_what_waits_and_what_to_do(kind: Kind) -> None:
    one = sentence(kind, [ABOUTS[kind]], "Ann Zimi")
    assert MENDED_BY[kind] in one
    assert "1 thing waits" in one
    assert "3 things wait" in sentence(kind, [ABOUTS[kind]] * 3, "Ann Zimi")
    assert one.rstrip("”").endswith(".")


def test_a_fault_of_ours_is_called_ours_and_names_the_place_in_the_log() -> None:
    words = sentence(Kind.FAULT, [ABOUTS[Kind.FAULT]])
    assert "ours, not yours" in words
    assert "render.py:80" in words
    assert "worker's log" in words


@given(st.lists(st.sampled_from(["a@b", "c@d", "e@f"]), min_size=1), st.lists(st.just("x@y"), min_size=1))
def test_missing_permissions_are_counted_by_mailbox_and_said_once(of_one: list[str], of_another: list[str]) -> None:
    abouts = [permission_for("Mail.Send", each) for each in of_one]
    abouts += [permission_for("Calendars.Read", each) for each in of_another]
    words = sentence(Kind.NOT_ALLOWED, abouts)
    assert words.count("Mail.Send") == words.count("Calendars.Read") == 1
    mailboxes = set(of_one)
    assert (f"for {len(mailboxes)} mailboxes" in words) == (len(mailboxes) > 1)
    assert "Calendars.Read for x@y" in words


def test_a_revoked_consent_is_one_line_and_two_mailboxes_that_are_gone_are_two() -> None:
    for kind in Kind:
        assert (line_key(kind, "one") != line_key(kind, "another")) == (kind in MADE_OF)
    keys = {line_key(kind, "x") for kind in Kind}
    assert len(keys) == len(Kind), "no two kinds share a line"
