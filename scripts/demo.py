"""The demo: real microflows answer over HTTP, fail as they should, and change while the server runs: by version and by refresh.

Each call is printed with its reply and checked. Ends with 0 when everything held, with 1 and a sentence when not.
"""

import http.client
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from demo_server import (
    ROOT,
    Client,
    DemoError,
    Reply,
    expect,
    finish,
    finish_command,
    new_password,
    served,
    start_command,
    stop_on_signal,
)

_ACTION: Final = "/MicroflowRest/DoAction"
_WORKERS: Final = 2
_SIX_KEYS: Final = {"exception", "responseStatus", "responseObjectsMap", "flowName", "flowId", "tId"}
_TEN_KEYS: Final = {
    "businessObjectSize", "exception", "fieldDescriptersMapSize", "process", "businessObjectDefSize",
    "files", "cacheClassSize", "definitionSize", "responseStatus", "fieldDescripterSize",
}  # fmt: skip
_RATE: Final = {"flowName": "ExchangeRate", "object": {"RequestBO": {"requestData": "USD"}}}
_NEXT_VERSION: Final = "v.0.3.0"
_NEXT_FILES: Final = {
    "app.yaml": ("v.0.2.0", _NEXT_VERSION),
    "business_objects/RequestBO.yaml": ("max_length: 100,", "max_length: 3,"),
    "business_objects/ResponseBO.yaml": (
        "fields:\n",
        'fields:\n  source: {type: string, default: "the central bank"}\n',
    ),
    "microflows/ExchangeRate.yaml": ("{requestData: data}", "{requestData: USD}"),
}
"""What the next version has otherwise, by file; a test of the flow gives a word that is too long there."""
_NEW_FIELD: Final = '  unit: {type: string, default: "baht for one"}\n'


def main() -> int:
    """Run the demo."""
    began = time.monotonic()
    stop_on_signal()
    try:
        with tempfile.TemporaryDirectory(prefix="microflow-demo-") as folder:
            _demo(Path(folder))
    except DemoError as error:
        print(f"\ndemo: FAILED: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130
    print(f"\ndemo: all of it held, in {time.monotonic() - began:.1f} s")
    return 0


def _demo(folder: Path) -> None:
    demo_app = shutil.copytree(ROOT / "apps" / "Demo", folder / "Demo")
    home = folder / "home"
    password = new_password()
    _title("Make a package of a flow, for later")
    make = ("package", "ExchangeRate", "--app", str(demo_app), "--out", str(home / "packages"))
    with start_command(*make) as package:  # leaving the block waits for it, also after a failure
        _title(f"Start: microflow serve --app Demo --app Tracking --workers {_WORKERS}")
        apps = [demo_app, ROOT / "apps" / "Tracking"]
        with served(apps, home, workers=_WORKERS, password=password) as client:
            print(f"  it answers at http://127.0.0.1:{client.port}")
            finish_command(package)
            with _start_accounts(home) as accounts:
                _log_in(client, password)
                with _start_deploy(client, folder) as deployed:
                    _three_flows(client)
                    _basket(client)
                    finish_command(accounts)
                    _two_flows_without_session(client)
                    _failures(client)
                    _versions(client, finish_command(deployed))
            _refresh(client, demo_app)
            _package(client, home)
            _title("Stop: SIGTERM")
    print("  it stopped, and no process is left")


def _start_accounts(home: Path) -> "subprocess.Popen[str]":
    """Do what an operator does to open flows; it goes on while the demo logs in."""
    _title("Let the Tracking flows be called without a session, as the service account tracking-public")
    print("  $ python scripts/demo_accounts.py")
    command = [sys.executable, str(ROOT / "scripts" / "demo_accounts.py"), str(home)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _log_in(client: Client, password: str) -> None:
    _title("Log in")
    body = {"username": "admin", "password": password}
    reply = client.show("POST", "/IAM2RESTService/services/v1/login", body, shown={**body, "password": "***"})
    client.token = reply.json["accessToken"]


def _three_flows(client: Client) -> None:
    _title("Three flows of Demo")
    rate = _call(client, _RATE)["ResponseBO"]
    expect(rate == {"responseData": 31.184504}, f"the rate should be 31.184504, and the reply is {rate}")

    team = {"as_date": "2026-03-15", "team_group_no": "TGN0000000228"}
    shifts = _call(client, {"flowName": "swap_with", "object": {"param_v_swap_with": team}})["v_swap_with_list"]
    expect(len(shifts) == 8, f"the team should have 8 people, and the reply has {len(shifts)}")

    month = {"as_year": "2026", "as_month": "03", "employee_code": "640001"}
    flow = "work_group_schedule_of_my_calendar"
    schedule = _call(client, {"flowName": flow, "object": {"param_work_my_calendar": month}})["SchedM"]
    days = schedule[0]["wGSchedule"][0]["dWork"]
    expect(len(days) == 31, f"March should have 31 days, and the reply has {len(days)}")
    expect(isinstance(days[0]["state_nameP"], list), "the lists should be nested three deep")


def _basket(client: Client) -> None:
    _title("A basket of goods in two currencies: twelve kinds of nodes in one flow")
    items = [
        {"sku": "LAMP", "price": 12.5, "currency": "USD", "quantity": 40},
        {"sku": "BULB", "price": 99, "currency": "JPY", "quantity": 100},
    ]
    basket = {"flowName": "Quote Basket", "object": {"BasketBO": {"customer": "wholesale", "items": items}}}
    quote = _call(client, basket)["QuoteBO"]
    expect(quote["total"] == 17563.17, f"the basket should cost 17563.17 baht, and the reply says {quote['total']}")
    expect(quote["discount"] == 0.08, f"the discount should be 0.08, and the reply says {quote['discount']}")
    expect(len(quote["lines"]) == 2, f"there should be 2 lines, and the reply has {len(quote['lines'])}")


def _two_flows_without_session(client: Client) -> None:
    _title("Two flows of Tracking, without a session")
    number = {"Tracking_Input": {"tracking_no": "EX260000096TH"}}
    events = _call(client, {"flowName": "Get Tracking Detail", "object": number}, with_token=False)["Tracking_Output"]
    expect(len(events) == 5, f"the parcel should have 5 events, and the reply has {len(events)}")

    mobile = {"Tracking_List_Input": {"mobile": "0812345678"}}
    parcels = _call(client, {"flowName": "Get Tracking List", "object": mobile}, with_token=False)["Tracking_Output"]
    expect(len(parcels) == 4, f"the number should have 4 parcels, and the reply has {len(parcels)}")


def _failures(client: Client) -> None:
    _title("A flow that fails in its database node: 200, ERROR, and the reason")
    body: dict[str, Any] = {"flowName": "Broken Lookup", "object": {"RequestBO": {"requestData": "USD"}}}
    failed = client.show("POST", _ACTION, body).json
    _expect_error(failed)
    expect("Look it up" in failed["exception"], "the exception should name the node")

    _title("Without a session: 401")
    _expect_error(client.show("POST", _ACTION, _RATE, status=401, with_token=False).json)

    _title("A flow that does not exist: 404")
    _expect_error(client.show("POST", _ACTION, {"flowName": "No Such Flow", "object": {}}, status=404).json)


def _start_deploy(client: Client, folder: Path) -> "subprocess.Popen[str]":
    """Change a copy of the app and deploy it as a new version; that goes on while the demo calls the old one."""
    app = shutil.copytree(ROOT / "apps" / "Demo", folder / "Demo-next")
    for name, (old, new) in _NEXT_FILES.items():
        _replace(app / name, old, new)
    _title(f"Publish the next version of Demo, {_NEXT_VERSION}, beside the one that answers")
    words = ("deploy", "--app", str(app), "--yes", "--url", f"http://127.0.0.1:{client.port}")
    return start_command(*words, variables={"MICROFLOW_TOKEN": client.token})


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    expect(text.count(old) == 1, f"{path.name} should hold {old!r} once")
    path.write_text(text.replace(old, new), encoding="utf-8")


def _versions(client: Client, deployed: str) -> None:
    _title("What deploying said: the difference, and what callers meet")
    print("\n".join(f"  {line}" for line in deployed.strip().splitlines()))
    for wanted in ("Breaking for callers: 2", "RequestBO.requestData", "Compatible for callers:", "ResponseBO.source"):
        expect(wanted in deployed, f"it should tell {wanted!r}")

    _title("Callers who name no version still get the old one; who names the new one gets that")
    _on_every_worker(client, lambda reply: "source" not in _outputs(reply)["ResponseBO"], "answer by the old version")
    named = _call(client, {**_RATE, "snapVersion": _NEXT_VERSION})["ResponseBO"]
    expect(
        named.get("source") == "the central bank", f"the new version should name its source, and the reply is {named}"
    )

    _title(f"Activate {_NEXT_VERSION}")
    done = client.show("POST", f"/snapshots/Demo/{_NEXT_VERSION}/activate").json
    expect(done["version"] == _NEXT_VERSION, f"it should answer from {_NEXT_VERSION}: {done}")
    _on_every_worker(
        client, lambda reply: _outputs(reply)["ResponseBO"].get("source") == "the central bank", "show the new version"
    )

    _title("Roll back")
    done = client.show("POST", "/snapshots/Demo/rollback").json
    expect((done["version"], done["before"]) == ("working", _NEXT_VERSION), f"it should answer as before: {done}")
    _on_every_worker(client, lambda reply: "source" not in _outputs(reply)["ResponseBO"], "answer by the old version")


def _refresh(client: Client, app: Path) -> None:
    path = app / "business_objects" / "ResponseBO.yaml"
    _title(f"Change a Business Object on disk: {path.name} gets a field")
    with path.open("a", encoding="utf-8") as file:
        file.write(_NEW_FIELD)
    print("  +" + _NEW_FIELD, end="")

    _title("The running server still answers by the old one")
    _on_every_worker(client, lambda reply: "unit" not in _outputs(reply)["ResponseBO"], "answer by the old definition")

    _title("Refresh")
    said = client.show("GET", "/MicroflowRest/refreshCache").body
    expect(said == b"RefreshCache Success", f"it should say RefreshCache Success, and says {said!r}")

    _title("From now on every worker answers by the new one")
    _on_every_worker(
        client, lambda reply: _outputs(reply)["ResponseBO"].get("unit") == "baht for one", "show the new field"
    )


def _package(client: Client, home: Path) -> None:
    _title("Fetch the package by classAction")
    (package,) = (home / "packages").glob("*.jar")
    reply = client.show("POST", "/MicroflowRest/classAction", {"fileNames": [package.name], "event": "file"}).json
    expect(set(reply) == _TEN_KEYS, f"the reply should have its ten keys, and has {sorted(reply)}")
    expect(reply["responseStatus"] == "SUCCESS", f"it should be a success: {reply['exception']}")
    expect(package.name in reply["files"], "the reply should name the package")
    expect(reply["process"] == ["ExchangeRate"], "the reply should name the flow")


def _call(client: Client, body: dict[str, Any], *, with_token: bool = True) -> Any:
    """Show a call of a flow and give its outputs."""
    print()
    return _outputs(client.show("POST", _ACTION, body, with_token=with_token))


def _outputs(reply: Reply) -> Any:
    found = reply.json
    expect(set(found) == _SIX_KEYS, f"the reply should have its six keys, and has {sorted(found)}")
    expect(found["responseStatus"] == "SUCCESS", f"the call should succeed: {found['exception']}")
    return found["responseObjectsMap"]


def _expect_error(found: dict[str, Any]) -> None:
    expect(set(found) == _SIX_KEYS, f"the reply should have its six keys, and has {sorted(found)}")
    expect(found["responseStatus"] == "ERROR", f"the status should be ERROR, and is {found['responseStatus']}")
    expect(bool(found["exception"]), "the exception should say why")
    expect(found["responseObjectsMap"] == {}, "the map should be empty")


def _on_every_worker(client: Client, holds: Callable[[Reply], bool], wanted: str) -> None:
    """Call on fresh connections, several open at once, until each worker has answered; every single reply has to hold."""
    answered: dict[str, Reply] = {}
    calls = 0
    for _ in range(100):
        connections = [http.client.HTTPConnection("127.0.0.1", client.port, timeout=30) for _ in range(8)]
        try:
            for connection in connections:
                client.start(connection, "POST", _ACTION, _RATE)
            for connection in connections:
                reply = finish(connection)
                calls += 1
                expect(holds(reply), f"call {calls} on worker {reply.worker} did not {wanted}: {reply.body.decode()}")
                answered.setdefault(reply.worker, reply)
        finally:
            for connection in connections:
                connection.close()
        if len(answered) == _WORKERS:
            break
    expect(len(answered) == _WORKERS, f"of {_WORKERS} workers only {sorted(answered)} answered {calls} calls")
    for worker, reply in sorted(answered.items()):
        print(f"  < worker {worker}: {reply.body.decode()}")
    print(f"  {calls} calls, {len(answered)} workers, every reply alike")


def _title(text: str) -> None:
    print(f"\n== {text}")


if __name__ == "__main__":
    sys.exit(main())
