"""Brings a story into an installation as its operator would: people, policies, enrolment, the past, the ways."""

from datetime import date

from cli.demo.seed import Story
from cli.demo.ways import pathways_yaml
from cli.installation import Installation
from cli.pathways import import_pathways
from cli.people import chosen, enrol_people, import_history, import_people, open_directory
from cli.policy import import_policies
from config.policy_files import SHIPPED, read_policy_file
from integrations.database.roster import roster

POLICY_FILES = ("quarterly.yaml", "monthly.yaml")


async def import_story(installation: Installation, story: Story, hr_partner: str, starts_on: date) -> None:
    """The same functions as behind the commands, in their order. A second time, nothing is added."""
    async with open_directory(installation.settings) as directory:
        await import_people(installation, directory, story.people_csv)
    for name in POLICY_FILES:
        await import_policies(installation, read_policy_file(SHIPPED / name), starts_on, hr_partner)
    async with installation.database.reading() as session:
        people = await roster(session, starts_on)
    for policy, managers in story.teams.items():
        await enrol_people(installation, policy, chosen(people, managers))
    await import_history(installation, story.history_yaml)
    await import_pathways(installation, [("ways.yaml", pathways_yaml(story.people_csv, starts_on))])
