"""What is missing in Entra, and what is more than needed."""

import re
from pathlib import Path

from cli.doctor.finding import worst
from cli.doctor.grant import ASKED_IN_ENTRA, ASKED_IN_EXCHANGE, compare

README = Path(__file__).parents[3] / "README.md"


def test_the_grant_that_the_readme_asks_for_is_well() -> None:
    (finding,) = compare(["User.Read.All"])
    assert finding.state == "ok"


def test_without_any_permission_one_is_missing() -> None:
    (finding,) = compare([])
    assert (finding.state, "User.Read.All is missing" in finding.sentence) == ("fail", True)


def test_what_belongs_into_exchange_is_named_apart_from_what_nobody_needs() -> None:
    everywhere, needless = compare(["User.Read.All", "Mail.Send", "Sites.Read.All", "Calendars.Read"])
    assert "every mailbox of the organization: Calendars.Read, Mail.Send." in everywhere.sentence
    assert "not needed: Sites.Read.All." in needless.sentence
    assert everywhere.remedy
    assert worst([everywhere, needless]) == "warn"


def test_a_broader_permission_stands_in_and_is_more_than_needed() -> None:
    (finding,) = compare(["Directory.Read.All"])
    assert (finding.state, "not needed: Directory.Read.All" in finding.sentence) == ("warn", True)


def test_what_is_asked_is_what_the_readme_says() -> None:
    text = README.read_text()
    assert f"application permission `{ASKED_IN_ENTRA}`, and nothing else" in text
    assert set(re.findall(r"\| `Application ([\w.]+)` \|", text)) == ASKED_IN_EXCHANGE
