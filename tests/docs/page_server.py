"""A server that serves the demo apps and the apps that the pages describe, for the blocks that call one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from demo_server import Client, new_password, served
from tests.docs.code_blocks import ROOT, Block, blocks_of, pages
from tests.docs.outside_server import outside_server
from tests.servers.mail import mail_server_in_a_thread

WRITTEN_ADDRESS: Final = "127.0.0.1:8080"
WRITTEN_OUTSIDE: Final = "127.0.0.1:9000"
WRITTEN_MAIL_PORT: Final = "port: 2525"
FUNCTIONS: Final = ROOT / "tests" / "functions"
"""The distributions of custom code that pages call."""
SHARED_FILE: Final = ("xml", "file")
_FOLDERS: Final = {"app": "", "business_object": "business_objects", "microflow": "microflows"}
_PLAIN_APP: Final = "app: {name}\nversion: v.0.1.0\n"


class PageServer:
    """A running server, and a folder like a checkout in which the commands of the pages run."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder

    @property
    def environment(self) -> dict[str, str]:
        """Give the environment of commands: the installed `microflow` first, a token, and a home of their own."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        address = f"http://127.0.0.1:{self.client.port}"
        return {
            **os.environ,
            "PATH": path,
            "TOKEN": self.client.token,
            "ADDRESS": address,
            "MICROFLOW_HOME": str(self.folder / "home-of-commands"),
            "NO_COLOR": "1",
        }

    def placed(self, text: str) -> str:
        """Put the address of this server where a page writes the default one."""
        return text.replace(WRITTEN_ADDRESS, f"127.0.0.1:{self.client.port}").replace("$TOKEN", self.client.token)

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command line in bash; its standard error comes with its output."""
        return subprocess.run(
            ["bash", "-c", self.placed(command)],
            check=False,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )


@contextmanager
def page_server(folder: Path) -> Iterator[PageServer]:
    """Serve the demo apps and the page apps from a copy, logged in as the administrator."""
    shutil.copytree(ROOT / "apps", folder / "apps")
    apps = sorted(path.parent for path in (folder / "apps").glob("*/app.yaml"))
    with outside_server() as outside, mail_server_in_a_thread() as mail, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FUNCTIONS))
        for page in pages():
            blocks = blocks_of(page)
            if any(map(calls_a_server, blocks)):
                place = folder / "page apps" / page.stem
                app = write_page_app(blocks, place, outside=outside, mail_port=mail.port)
                apps += [app] if app is not None else []
        yield from _served(apps, folder)


def _served(apps: list[Path], folder: Path) -> Iterator[PageServer]:
    password = new_password()
    with served(apps, folder / "home", workers=1, password=password) as client:
        body = {"username": "admin", "password": password}
        reply = client.send("POST", "/IAM2RESTService/services/v1/login", body)
        client.token = reply.json["accessToken"]
        yield PageServer(client, folder)


def write_page_app(
    blocks: list[Block], folder: Path, *, outside: str = WRITTEN_OUTSIDE, mail_port: int = 2525
) -> Path | None:
    """Write the definitions of one page as one app; None when the page has none. Blocks marked `alone` stay out.

    `outside` stands for the address of the outside system that pages write, `mail_port` for the port of its mail server.
    """
    definitions = [block for block in blocks if is_definition(block) and "alone" not in block.words]
    if not definitions:
        return None
    if not any(block.kind[1] == "app" for block in definitions):
        folder.mkdir(parents=True)
        (folder / "app.yaml").write_text(_PLAIN_APP.format(name=folder.name.title()), encoding="utf-8")
    for block in definitions:
        place = folder / _FOLDERS[block.kind[1]]
        place.mkdir(parents=True, exist_ok=True)
        name = "app" if block.kind[1] == "app" else f"line {block.line}"
        text = block.text.replace(WRITTEN_OUTSIDE, outside).replace(WRITTEN_MAIL_PORT, f"port: {mail_port}")
        (place / f"{name}.yaml").write_text(text, encoding="utf-8")
    for block in blocks:
        if block.kind == SHARED_FILE:
            place = folder / "files" / block.words[2]
            place.parent.mkdir(exist_ok=True)
            place.write_text(block.text, encoding="utf-8")
    return folder


def calls_a_server(block: Block) -> bool:
    """Say whether a block is run against the server."""
    return block.kind[1] == "request" or (
        block.language in {"console", "bash", "python"} and "not-run" not in block.words
    )


def is_definition(block: Block) -> bool:
    """Say whether a block is the text of a definition file."""
    return block.language == "yaml" and block.kind[1] in _FOLDERS
