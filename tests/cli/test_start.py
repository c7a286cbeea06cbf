"""`perennial start`: what a folder keeps is there again when it is started again."""

import json
import os
import socket
from pathlib import Path

import pytest

from cli.installation import open_installation
from cli.refusal import Refused
from cli.start import Ports, Running, running
from integrations.database.roster import Listed, roster


async def people_of(run: Running) -> list[Listed]:
    async with open_installation(run.settings) as installation, installation.database.reading() as session:
        return list(await roster(session, (await installation.now()).date()))


async def test_started_again_it_goes_on_with_the_same_people_keys_and_tenant(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PERENNIAL_")}
    async with running(tmp_path, Ports(0, 0, 0, 0).taken(), env) as first:
        before = await people_of(first)
    assert sum(1 for each in before if each.policy) == 12
    assert (tmp_path / "settings.env").stat().st_mode & 0o077 == 0
    kept = json.loads((tmp_path / "tenant.json").read_text(encoding="utf-8"))

    async with running(tmp_path, Ports(0, 0, 0, 0).taken(), env) as second:
        assert await people_of(second) == before
        assert second.settings.encryption_keys == first.settings.encryption_keys
        assert second.settings.client_secret == first.settings.client_secret
        second.children.check_running()
    assert (tmp_path / "temporal.db").exists()
    assert kept


def test_a_port_in_use_is_named_with_the_option_that_changes_it() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(Refused, match=f"Port {port} is in use.*--ui-port"):
            Ports(0, 0, 0, port).taken()
        with pytest.raises(Refused, match="--web-port"):
            Ports(port, 0, 0, 0).taken()
