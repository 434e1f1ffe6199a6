"""What is done with each kind of block: one row a kind in `RUNNERS`. A block without a row is an error of its page."""

import http.client
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest
import yaml
from tests.docs.code_blocks import ROOT, Block
from tests.docs.page_server import PageServer

ANYTHING: Final = "…"
_ACTION: Final = "/MicroflowRest/DoAction"


class Case(msgspec.Struct, frozen=True):
    """A block to run: those around it on its page, and the server, which starts when it is first asked for."""

    blocks: list[Block]
    index: int
    server: Callable[[], PageServer]

    @property
    def block(self) -> Block:
        """Give the block itself."""
        return self.blocks[self.index]

    @property
    def reply(self) -> Block | None:
        """Give the block behind this one when it is marked as the reply to it."""
        behind = self.blocks[self.index + 1 : self.index + 2]
        return behind[0] if behind and behind[0].kind[1] == "reply" else None


def run(case: Case) -> None:
    """Run a block; the test fails when it does not do what its page says."""
    block = case.block
    if "/" in block.kind[1]:
        _is_the_file(block)
        return
    runner = RUNNERS.get(block.kind)
    if runner is None:
        marks = ", ".join(" ".join(kind).strip() for kind in RUNNERS)
        pytest.fail(
            f"{block.place}: nobody knows how to run a block marked {' '.join(block.words)!r}; there are: {marks}"
        )
    runner(case)


def _reads_as_definition(case: Case) -> None:
    from microflow_runtime.compiler.reading import define, parse

    block = case.block
    document, faults = parse(block.kind[1], block.place, block.text.encode())
    told = [fault.one_line() for fault in faults]
    if document is not None:
        told += [fault.one_line() for fault in define(document)[1]]
    assert not told, "\n".join(told)


def _is_yaml(case: Case) -> None:
    assert yaml.compose(case.block.text, Loader=yaml.SafeLoader) is not None, case.block.place


def _is_the_file(block: Block) -> None:
    path = " ".join(block.words[1:])
    assert block.text == (ROOT / path).read_text(encoding="utf-8"), f"{block.place} is not {path}"


def _is_json(case: Case) -> None:
    json.loads(case.block.text)


def _is_settings(case: Case) -> None:
    from microflow_runtime.settings import SETTINGS

    unknown = set(tomllib.loads(case.block.text)) - set(SETTINGS)
    assert not unknown, f"{case.block.place}: there is no setting {sorted(unknown)}"


def _post(case: Case) -> None:
    reply = case.server().client.send("POST", _ACTION, json.loads(case.block.text))
    _compare_reply(case, reply.status, reply.body)


def _send(case: Case) -> None:
    server = case.server()
    head, _, body = server.placed(case.block.text).partition("\n\n")
    (method, path, *_), *lines = (line.split(" ") for line in head.splitlines())
    headers = {line[0].rstrip(":"): " ".join(line[1:]) for line in lines}
    connection = http.client.HTTPConnection("127.0.0.1", server.client.port, timeout=30)
    try:
        connection.request(method, path, body.strip().encode() or None, headers)
        reply = connection.getresponse()
        _compare_reply(case, reply.status, reply.read())
    finally:
        connection.close()


def _compare_reply(case: Case, status: int, body: bytes) -> None:
    """Compare with the block behind; its third word is the status when that is not 200."""
    expected = case.reply
    wanted = int(expected.words[2]) if expected and len(expected.words) > 2 else 200
    assert status == wanted, f"{case.block.place}: {status} {body.decode()}"
    if expected is None:
        return
    if expected.language == "json":
        assert matches(json.loads(body), json.loads(expected.text)), f"{expected.place}: got {body.decode()}"
    else:
        assert fits(body.decode(), expected.text), f"{expected.place}: got {body.decode()}"


def _belongs_to_request(case: Case) -> None:
    before = case.blocks[case.index - 1] if case.index else None
    assert before is not None, f"{case.block.place}: no request stands before the reply"
    assert before.kind[1] == "request", f"{case.block.place}: what stands before the reply is no request"


def _run_commands(case: Case) -> None:
    """Run `$ command` lines one by one; what stands below a command is what it prints."""
    server = case.server()
    codes = [int(word.removeprefix("exit=")) for word in case.block.words if word.startswith("exit=")]
    for command, output in commands_of(case.block.text):
        done = server.run(command)
        assert done.returncode == (codes[0] if codes else 0), f"{case.block.place}: {command}\n{done.stdout}"
        if output.strip():
            assert fits(done.stdout, server.placed(output)), f"{case.block.place}: {command} printed\n{done.stdout}"


def _run_script(case: Case) -> None:
    done = case.server().run("set -euo pipefail\n" + case.block.text)
    assert done.returncode == 0, f"{case.block.place}:\n{done.stdout}"


def _names_exist(case: Case) -> None:
    from command_tree import unknown_words

    lines = case.block.text.replace("\\\n", " ").splitlines()
    prompts = any(line.startswith("$ ") for line in lines)
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ") or not prompts]
    unknown = [fault for command in commands for fault in unknown_words(command)]
    assert not unknown, f"{case.block.place}: " + "; ".join(unknown)


def _run_python(case: Case) -> None:
    server = case.server()
    done = subprocess.run(
        [sys.executable, "-c", server.placed(case.block.text)],
        check=False,
        cwd=server.folder,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{case.block.place}:\n{done.stderr}"


def _evaluate(case: Case) -> None:
    """Evaluate each line without any name in scope: it has to be true, and no error may hide in it."""
    from microflow_runtime.feel import Evaluation, evaluate

    for line in case.block.text.splitlines():
        found = evaluate(line, {})
        assert found == Evaluation(True, ()), f"{case.block.place}: {line} gives {found}"


def _run_on_postgresql(case: Case) -> None:
    """Run each statement on a server of our own, and take away the database and the user that it makes."""
    from tests.servers.postgres import running_postgres

    server = running_postgres()
    try:
        for statement in filter(str.strip, case.block.text.split(";\n")):
            server.execute(statement)
    finally:
        server.execute("DROP DATABASE IF EXISTS microflow")
        server.execute("DROP ROLE IF EXISTS microflow")


def _is_shared_file(case: Case) -> None:
    """Take a file of the page's app, which is read with its definitions."""
    assert len(case.block.words) == 3, f"{case.block.place}: a file has a name"


def _is_shown(_case: Case) -> None:
    """Take a block that is there to be read: a tree of folders, the output of something."""


RUNNERS: Final[dict[tuple[str, str], Callable[[Case], None]]] = {
    ("yaml", "app"): _reads_as_definition,
    ("yaml", "business_object"): _reads_as_definition,
    ("yaml", "microflow"): _reads_as_definition,
    ("yaml", "fragment"): _is_yaml,
    ("json", ""): _is_json,
    ("json", "request"): _post,
    ("http", "request"): _send,
    ("json", "reply"): _belongs_to_request,
    ("text", "reply"): _belongs_to_request,
    ("console", ""): _run_commands,
    ("bash", ""): _run_script,
    ("console", "not-run"): _names_exist,
    ("bash", "not-run"): _names_exist,
    ("python", ""): _run_python,
    ("feel", ""): _evaluate,
    ("toml", ""): _is_settings,
    ("sql", "postgresql"): _run_on_postgresql,
    ("xml", "file"): _is_shared_file,
    ("text", ""): _is_shown,
}


def commands_of(text: str) -> list[tuple[str, str]]:
    """Split the text of a console block into commands and what stands below each."""
    found: list[tuple[str, list[str]]] = []
    for line in text.replace("\\\n", "").splitlines(keepends=True):
        if line.startswith("$ "):
            found.append((line[2:].strip(), []))
        elif found:
            found[-1][1].append(line)
    assert found, "a console block needs a line that begins with `$ `"
    return [(command, "".join(lines)) for command, lines in found]


def fits(found: str, expected: str) -> bool:
    """Compare texts; `…` stands for any text on its line, and alone on a line for any lines."""
    parts = []
    for line in expected.strip().splitlines():
        if line.strip() == ANYTHING:
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(re.escape(part) for part in line.rstrip().split(ANYTHING)) + r"[ ]*\n")
    return re.fullmatch("".join(parts), found.strip() + "\n") is not None


def matches(found: Any, expected: Any) -> bool:
    """Compare JSON values; the text `…` stands for any value, and as the last item of a list for any more items."""
    if expected == ANYTHING:
        return True
    if isinstance(expected, dict) and isinstance(found, dict):
        return found.keys() == expected.keys() and all(matches(found[key], expected[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        if expected and expected[-1] == ANYTHING:
            expected, found = expected[:-1], found[: len(expected) - 1]
        return len(found) == len(expected) and all(map(matches, found, expected))
    return bool(found == expected) and isinstance(found, bool) == isinstance(expected, bool)
