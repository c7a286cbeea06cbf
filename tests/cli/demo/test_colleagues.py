"""What people ask of colleagues reaches those asked, once, and is read by those it is for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cli.demo.evidence import Evidence, Page, Sent
from cli.demo.invariants import Verdict, colleagues
from cli.demo.promises import broken_promises

ANN, MARA, OTTO, HALE = (f"{name}@meadow.example" for name in ("ann", "mara", "otto", "hale"))
WORDS, GOAL = "What carried me lately goes by the name of fiba.", "Lead a small project from start to end"
INVITED = "2 an invitation to support reaches those asked alone, once"
ASKED = "2 a question for feedback reaches those asked alone, once"
SUPPORTED = "4 a supporter sees the one thing, and nobody else there"
READ = "4 feedback is read by who asked and who gave it alone"

Break = Callable[[Evidence], Evidence]


def without(key: str) -> Break:
    return lambda quarter: replace(quarter, letters=[each for each in quarter.letters if key not in each.keys])


def one_more(at: str, to: str, key: str) -> Break:
    sent = Sent((key,), to, datetime.fromisoformat(at).replace(tzinfo=UTC), "One more", "<p>Hello.</p>")
    return lambda quarter: replace(quarter, letters=[*quarter.letters, sent])


def sent_at(key: str, at: str) -> Break:
    when = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return lambda quarter: replace(
        quarter, letters=[replace(each, at=when) if key in each.keys else each for each in quarter.letters]
    )


def on_page(viewer: str, path: str, text: str) -> Break:
    """What somebody sees there instead."""

    def broken(quarter: Evidence) -> Evidence:
        others = [each for each in quarter.pages if (each.viewer, each.path) != (viewer, path)]
        return replace(quarter, pages=[*others, Page(viewer, path, text)])

    return broken


def nobody_did(did: str) -> Break:
    return lambda quarter: replace(quarter, diary=[each for each in quarter.diary if each.did != did])


BROKEN: dict[str, tuple[str, Break]] = {
    "the invited never heard": (INVITED, without("supporter/U1/P-otto")),
    "invited twice": (INVITED, one_more("2030-03-05 08:40", OTTO, "supporter/U2/P-otto")),
    "somebody else was invited": (INVITED, one_more("2030-03-05 08:40", HALE, "supporter/U2/P-hale")),
    "invited before anybody did": (INVITED, sent_at("supporter/U1/P-otto", "2030-02-21 08:40")),
    "invited weeks later": (INVITED, sent_at("supporter/U1/P-otto", "2030-04-02 08:40")),
    "one of two was not asked": (ASKED, without("feedback/F2/P-hale")),
    "who let it lie was asked again": (ASKED, one_more("2030-03-05 08:40", HALE, "feedback/F2/P-hale-again")),
    "a third was asked": (ASKED, one_more("2030-03-05 08:40", ANN, "feedback/F3/P-ann")),
    "the invitation was never answered": (SUPPORTED, nobody_did("accepted_invitation_to_support")),
    "the supporter sees nothing": (SUPPORTED, on_page(OTTO, "/supporting/U1", "")),
    "somebody else sees the goal there": (SUPPORTED, on_page(HALE, "/supporting/U1", GOAL)),
    "the asker cannot read it": (READ, on_page(MARA, "/feedback/F1", "")),
    "HR can read it": (READ, on_page(HALE, "/feedback/F1", WORDS)),
}


def verdict_of(evidence: Evidence, name: str) -> Verdict:
    (found,) = [each for each in colleagues.judge(evidence) if each.name == name]
    return found


@pytest.mark.parametrize("story", BROKEN)
def test_a_promise_that_was_broken_is_named(quarter: Evidence, story: str) -> None:
    name, broken = BROKEN[story]
    assert verdict_of(quarter, name).holds
    verdict = verdict_of(broken(quarter), name)
    assert (verdict.holds, verdict.checked > 0) == (False, True)


def test_under_faults_a_letter_may_be_days_late_but_goes_to_nobody_else(quarter: Evidence) -> None:
    def astray(evidence: Evidence) -> list[str]:
        return [each.sentence for each in broken_promises(evidence) if "asked" in each.sentence]

    assert astray(quarter) == []
    assert astray(sent_at("feedback/F2/P-hale", "2030-03-05 08:40")(quarter)) == []
    assert len(astray(one_more("2030-03-05 08:40", ANN, "feedback/F3/P-ann")(quarter))) == 1
    assert len(astray(without("feedback/F2/P-hale")(quarter))) == 1
