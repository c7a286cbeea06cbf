"""Where the showcase stands: a sandbox tenant, and a database of its own in which its people have lived a year."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.fernet import Fernet

from cli.processes import Children, children, free_port, without_settings
from cli.sandbox import Tenant, start_sandbox
from cli.showcase.cast import Cast, settle
from cli.showcase.story import begin
from cli.showcase.times import Times
from config.settings import Settings, load_settings
from integrations.database.connection import Database, open_database
from integrations.database.migrate import upgrade_async

# Temporal is not there: nothing of the showcase asks for it, and what does waits in the database.
NOBODY = "127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class House:
    children: Children
    tenant: Tenant
    variables: Mapping[str, str]
    settings: Settings
    database: Database
    cast: Cast
    times: Times

    @property
    def site(self) -> str:
        return self.settings.public_url


@asynccontextmanager
async def open_house(data: Path, env: Mapping[str, str], people: int, times: Times) -> AsyncIterator[House]:
    """In `data`, an empty folder; the first act has been played. What serves the pages is up to whoever opens it."""
    (data / "logs").mkdir()
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    async with (
        children(data / "logs", without_settings(env)) as started,
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        tenant = await start_sandbox(
            started, seed=1, people=people, day0=times.long_ago.date(), redirect_uri=f"{site}/sign-in/done"
        )
        organization = (await http.get(f"{tenant.url}/_sandbox/organization")).raise_for_status().json()
        variables = tenant.settings() | {
            "PERENNIAL_TEMPORAL_ADDRESS": NOBODY,
            "PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{data / 'perennial.db'}",
            "PERENNIAL_PUBLIC_URL": site,
            "PERENNIAL_WEB_PORT": str(port),
            "PERENNIAL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "PERENNIAL_SESSION_KEY": Fernet.generate_key().decode(),
        }
        settings = load_settings(variables)
        await upgrade_async(settings.database_url)
        keys = [key.get_secret_value() for key in settings.encryption_keys]
        database = open_database(settings.database_url, keys)
        try:
            async with database.transaction() as session:
                cast = await settle(session, organization, times)
                await begin(session, cast, times)
            yield House(started, tenant, variables, settings, database, cast, times)
        finally:
            await database.close()
