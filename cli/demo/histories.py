"""Temporal's histories of a run, every payload opened, written where they can be searched for people's words."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHandle
from temporalio.converter import PayloadCodec
from temporalio.service import RPCError, RPCStatusCode

from integrations.database.connection import Database
from integrations.database.tables import (
    ActionRow,
    CalendarWatchRow,
    CheckInRow,
    DirectoryWatchRow,
    Enrolment,
    Person,
    Plan,
)


async def write_histories(client: Client, database: Database, codec: PayloadCodec, folder: Path) -> list[Path]:
    """One JSON file a workflow in `folder`, its earlier runs included as far as each names the one before."""
    files = []
    for name in await workflow_ids(database):
        runs = [run async for run in _runs(client, name)]
        if runs:
            file = folder / f"{name.replace('/', '-')}.json"
            opened = [await _opened(run, codec) for run in runs]
            file.write_text(json.dumps(opened, indent=1, ensure_ascii=False), encoding="utf-8")
            files.append(file)
    return files


async def workflow_ids(database: Database) -> list[str]:
    """A test server cannot list workflows, so their ids come from the rows they belong to."""
    async with database.reading() as session:
        ids = {
            "DevelopmentCycle": await session.scalars(select(Enrolment.person_id)),
            "CheckIn": await session.scalars(select(CheckInRow.id)),
            "ActionChase": await session.scalars(select(ActionRow.id)),
            "PlanWatch": await session.scalars(select(Plan.id)),
            "Postbox": await session.scalars(select(Person.id)),
            "CalendarWatch": await session.scalars(select(CalendarWatchRow.id)),
            "DirectoryWatch": await session.scalars(select(DirectoryWatchRow.id)),
        }
        return [f"{workflow}/{target}" for workflow, targets in ids.items() for target in targets.all()]


async def _runs(client: Client, workflow_id: str) -> Any:
    """The newest run and those that continued into it, as JSON objects."""
    run_id: str | None = None
    while True:
        handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            history = await handle.fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return
            raise
        yield json.loads(history.to_json())
        started = history.events[0].workflow_execution_started_event_attributes
        run_id = started.continued_execution_run_id or None
        if run_id is None:
            return


async def _opened(value: Any, codec: PayloadCodec) -> Any:
    """The same JSON with every payload replaced by what it says."""
    if isinstance(value, list):
        return [await _opened(each, codec) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("metadata"), dict) and "encoding" in value["metadata"]:
        metadata = {name: base64.b64decode(text) for name, text in value["metadata"].items()}
        payload = Payload(metadata=metadata, data=base64.b64decode(value.get("data", "")))
        return _words(await codec.decode([payload]))
    return {name: await _opened(each, codec) for name, each in value.items()}


def _words(payloads: Iterable[Payload]) -> str:
    return " ".join(payload.data.decode("utf-8", "replace") for payload in payloads)
