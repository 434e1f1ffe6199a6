"""Places of files in short words: opened by the real `FilePlaces`, looked at from the other side."""

import asyncio
import io
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import boto3
from tests.servers.file_servers import FTPS_PASSWORD, PASSWORD, USER

from microflow_runtime.engine.files import FileSession
from microflow_runtime.model.app import App, Connection
from microflow_runtime.runtime.files import FilePlaces
from microflow_runtime.settings import Secrets, Settings


class Places:
    """The places of one process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.secrets = {"MICROFLOW_SECRET_PASSWORD": PASSWORD, "MICROFLOW_SECRET_ACCESS": "access"}
        self.files = FilePlaces(Settings(home=home), Secrets(home / "secrets", self.secrets))

    def of(self, kind: str, server: Any, authority: Any, **more: Any) -> "PlaceUnderTest":
        """Give a place of a kind; `more` are further settings of its connection."""
        self.secrets["MICROFLOW_SECRET_AUTHORITY"] = authority.pem
        user = {"username": USER, "password": {"secret": "password"}}
        if kind == "folder":
            settings: dict[str, Any] = {"path": "inbox"}
        elif kind == "ftp":
            settings = {"host": "127.0.0.1", "port": server.port, **user}
        elif kind == "ftps":
            self.secrets["MICROFLOW_SECRET_FTPS"] = FTPS_PASSWORD
            settings = {
                "host": "localhost", "port": server.port, "username": server.user, "password": {"secret": "ftps"},
                "authority": {"secret": "authority"},
            }  # fmt: skip
        elif kind == "sftp":
            self.secrets["MICROFLOW_SECRET_KEY"] = server.client_key
            settings = {
                "host": "127.0.0.1", "port": server.port, "username": server.user, "path": str(server.folder),
                "host_keys": server.host_key, "key": {"secret": "key"},
            }  # fmt: skip
        else:
            keys = {"access_key": {"secret": "access"}, "secret_key": {"secret": "access"}}
            settings = {
                "bucket": "shop",
                "endpoint": f"http://127.0.0.1:{server}",
                "prefix": "in",
                "region": "us-east-1",
                **keys,
            }
        return PlaceUnderTest(self, kind, server, settings | more)

    async def close(self) -> None:
        """Close them; nobody may use any, and no scratch file may be left."""
        for _ in range(100):
            if not self.files.in_use:
                break
            await asyncio.sleep(0.05)
        assert self.files.in_use == 0
        assert list((self.home / "scratch").glob("*")) == []
        await self.files.close()


class PlaceUnderTest:
    """One place by a connection called `place`, and what the other side has."""

    def __init__(self, places: Places, kind: str, server: Any, settings: dict[str, Any]) -> None:
        self._places = places
        self.kind = kind
        self.server = server
        self.settings = settings

    @property
    def folder(self) -> Path:
        """The folder that the server serves."""
        return self._places.home / "files" / "Shop" / "inbox" if self.kind == "folder" else Path(self.server.folder)

    @property
    def app(self) -> App:
        """The app whose connection it is."""
        found = Connection(name="place", type=self.kind, settings=self.settings)
        return App(name="Shop", version="v.1.0.0", connections={"place": found})

    @asynccontextmanager
    async def session(self) -> AsyncIterator[FileSession]:
        """Open it."""
        async with self._places.files.open_files(self.app, "place") as session:
            yield session

    async def do(self, work: Any) -> Any:
        """Open it for one piece of work."""
        async with self.session() as session:
            return await session.do(work)

    async def read(self, name: str) -> bytes:
        """Read a file whole."""
        return bytes(await self.do(lambda files: files.open(name).read()))

    async def store(self, name: str, content: bytes, existing: str = "refuse") -> None:
        """Write a file."""
        await self.do(lambda files: files.store(name, io.BytesIO(content), existing))

    @contextmanager
    def _client(self) -> Iterator[Any]:
        client = boto3.client(
            "s3", endpoint_url=self.settings["endpoint"], region_name="us-east-1",
            aws_access_key_id="access", aws_secret_access_key="access",
        )  # fmt: skip
        try:
            yield client
        finally:
            client.close()

    async def make_empty(self) -> None:
        """Take away what earlier tests left."""
        if self.kind == "s3":
            await asyncio.to_thread(self._empty_bucket)
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def _empty_bucket(self) -> None:
        with self._client() as client:
            client.create_bucket(Bucket="shop")
            for each in client.list_objects_v2(Bucket="shop").get("Contents", []):
                client.delete_object(Bucket="shop", Key=each["Key"])

    def there(self) -> dict[str, bytes]:
        """Give every file that the other side has, by its name."""
        if self.kind == "s3":
            with self._client() as client:
                found = client.list_objects_v2(Bucket="shop").get("Contents", [])
                return {
                    each["Key"].removeprefix("in/"): client.get_object(Bucket="shop", Key=each["Key"])["Body"].read()
                    for each in found
                }
        return {
            str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()
        }
