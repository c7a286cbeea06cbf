from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

import activities.letters
from activities.letters.catalogue import KINDS, Part, open_facts

TEMPLATES = Path(activities.letters.__file__).parent / "templates"


def test_every_kind_has_its_three_files_and_every_folder_its_kind() -> None:
    folders = {folder.name: {file.name for file in folder.iterdir()} for folder in TEMPLATES.iterdir()}
    folders.pop("layout")
    assert folders == {template: {"subject.txt", "body.txt", "body.mjml"} for template in KINDS}


def test_the_samples_cover_every_kind(parts: dict[str, Part]) -> None:
    assert set(parts) == set(KINDS)
    assert all(type(part) is KINDS[template] for template, part in parts.items())


def test_forms_and_pre_reads_travel_alone_and_what_expires_does_not_wait() -> None:
    by_travels = {
        travels: {template for template, kind in KINDS.items() if kind.travels == travels}
        for travels in ("alone", "expires", "may_wait")
    }
    assert by_travels["alone"] == {"reflection_request", "pre_read"}
    assert by_travels["expires"] == {
        "slots",
        "outcome_question",
        "reflection_reminder",
        "action_tomorrow",
        "action_passed",
        "handover",
    }
    assert by_travels["may_wait"] == set(KINDS) - by_travels["alone"] - by_travels["expires"]


def test_a_subject_is_not_even_given_what_somebody_wrote(parts: dict[str, Part]) -> None:
    assert "title" not in open_facts(parts["action_passed"])
    assert set(open_facts(parts["feedback_request"])) == {"asker_name", "until_day", "url"}
    assert set(open_facts(parts["supporter_invitation"])) == {"asker_name", "about", "url"}
    assert set(open_facts(parts["help_asked"])) == {"asker_name", "about", "url"}
    assert not {"names", "stage", "reason"} & set(open_facts(parts["support_request"]))
    assert set(open_facts(parts["pre_read"])) == {
        "names",
        "when",
        "manager_name",
        "employee_name",
        "page_url",
        "link_only",
    }


def test_a_part_that_reaches_a_log_shows_nothing_that_somebody_wrote(parts: dict[str, Part]) -> None:
    assert "pricing" not in repr(parts["action_ahead"])
    assert "presenting" not in repr(parts["pre_read"])
    assert "budget" not in repr(parts["support_request"])


@pytest.mark.parametrize("template", sorted(KINDS))
def test_a_part_cannot_be_changed(template: str, parts: dict[str, Part]) -> None:
    part = parts[template]
    with pytest.raises(FrozenInstanceError):
        setattr(part, fields(part)[0].name, "something else")
