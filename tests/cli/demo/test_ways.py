"""The story's pathways can be imported, and something is open on day 0."""

from datetime import date

import pytest

from cli.demo.seed import write_story
from cli.demo.ways import pathways_yaml
from config.pathway_files import read_pathways
from sandbox.organization import build_organization
from sandbox.records import organization_record


@pytest.mark.parametrize("day0", [date(2030, 2, 4), date(2027, 11, 29)])
def test_whoever_takes_part_has_a_role_and_something_is_open_for_somebody(day0: date) -> None:
    story = write_story(organization_record(build_organization(1, 12, day0)))
    read = read_pathways([("ways.yaml", pathways_yaml(story.people_csv, day0))])
    assert read.holders
    matching = [read.catalogue.matching(each.role, (), day0) for each in read.holders]
    assert any(each.opens_on <= day0 for found in matching for each in found)
    assert any(each.opens_on > day0 for found in matching for each in found)
