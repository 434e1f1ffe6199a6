"""The settings record: every setting there is, one a line, with its unit, range, default and meaning.

This record is the table that the loader, the reference page and the command line read; there is no second list.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from microflow_runtime.settings.package_place import is_address
from microflow_runtime.settings.secret import Secret

MIB = 1024 * 1024


def _about(doc: str, *, unit: str = "", at_least: float | None = None, at_most: float | None = None) -> msgspec.Meta:
    """Describe a setting: what it means, its unit, and the smallest and largest value it takes."""
    extra: dict[str, Any] = {"unit": unit, "at_least": at_least, "at_most": at_most}
    return msgspec.Meta(description=doc, extra=extra)


def _limit(doc: str, unit: str) -> msgspec.Meta:
    """Describe a limit: a whole number of at least one."""
    return _about(doc, unit=unit, at_least=1)


def _seconds(doc: str) -> msgspec.Meta:
    """Describe a duration of more than nothing."""
    return _about(doc, unit="seconds", at_least=0.001)


Paths = tuple[Path, ...]
Texts = tuple[str, ...]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator decides. `origins` tells for each setting that is not a default where its value came from."""

    # Where it lives and listens
    home: Annotated[Path, _about("Folder that everything the server keeps lives under.")] = Path(".microflow")
    store: Annotated[
        str,
        _about(
            "Where accounts, sessions and definitions are kept: `sqlite` is a file in the home, "
            "`postgresql://user@host:port/database` a database that several machines may share."
        ),
    ] = "sqlite"
    store_password: Annotated[
        Secret | None, _about("Password of the store's PostgreSQL; absent means that it asks for none.")
    ] = None
    host: Annotated[str, _about("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, _about("Port to listen on; 0 lets the system choose.", at_least=0, at_most=65535)] = 8080
    workers: Annotated[int, _about("Worker processes.", at_least=1, at_most=256)] = 1
    context_root: Annotated[str, _about("Path under which every address stands, as `/oneweb`.")] = "/"
    drain_seconds: Annotated[float, _seconds("How long a stopping worker lets running calls finish.")] = 30.0

    # What it serves
    apps: Annotated[Paths, _about("Folders of the apps to serve.")] = ()
    environment: Annotated[str, _about("Name of the environment whose variables the apps use, as `DEV`.")] = "DEV"
    variables: Annotated[
        Texts,
        _about(
            "Values of this server's own for variables of its environment, as `orders_url=sqlite:///o.db`, or "
            "`Demo/orders_url=…` for one app alone; they win over those in `app.yaml`."
        ),
    ] = ()
    packages: Annotated[
        str | None,
        _about(
            "Where packages are fetched from: a folder, an address `https://host/path/` or `http://host/path/`, or "
            "`s3://bucket/prefix`; absent means the folder `packages` in the home."
        ),
    ] = None
    packages_seconds: Annotated[float, _seconds("Time in which all packages of one call must have been fetched.")] = (
        30.0
    )
    packages_token: Annotated[
        Secret | None, _about("Bearer token that packages are asked for with at an address of the web.")
    ] = None
    packages_user: Annotated[
        str | None, _about("User that packages are asked for as at an address of the web, with `packages_password`.")
    ] = None
    packages_password: Annotated[Secret | None, _about("Password of `packages_user`.")] = None
    packages_s3_endpoint: Annotated[
        str | None, _about("Address of the S3-like server of the bucket, as `https://minio.example`; absent means AWS.")
    ] = None
    packages_s3_region: Annotated[str | None, _about("Region of the bucket, where the server has any.")] = None
    packages_s3_key: Annotated[
        Secret | None,
        _about("Access key of the bucket; absent means what the machine has: `AWS_…` variables, a profile or a role."),
    ] = None
    packages_s3_secret: Annotated[Secret | None, _about("Secret key that belongs to `packages_s3_key`.")] = None
    secrets: Annotated[
        Path | None,
        _about("Folder of files that hold secrets, one each, by name; absent means `secrets` in the home."),
    ] = None
    private_networks: Annotated[
        Texts,
        _about(
            "Networks that connections may reach though they are private, as `10.20.0.0/16`; other private addresses only "
            "where the URL of a connection names them literally."
        ),
    ] = ()
    file_folders: Annotated[
        Paths,
        _about(
            "Folders of the machine that connections of the type `folder` may lead into by an absolute path; a relative "
            "one leads into `files/App` in the home."
        ),
    ] = ()
    grants: Annotated[
        Texts,
        _about(
            "What the packages of apps may use, as `Demo/secret=fx_key` or `Demo/host=https://api.example`, beside what "
            "`microflow grant` has granted; in `microflow.toml` also as tables `[grants.Demo]`."
        ),
    ] = ()
    capture_values: Annotated[bool, _about("Record the values that go in and out of every step in the trace.")] = False

    # Who may call
    cors_origins: Annotated[
        Texts,
        _about(
            "Origins that pages may call from, exact, as `https://app.example`: such a page is trusted as one of this "
            "server, with the session cookie too. `*` lets every page call, without the cookie."
        ),
    ] = ()
    trusted_proxies: Annotated[Texts, _about("Addresses of proxies whose forwarded headers are believed.")] = ()
    allowed_hosts: Annotated[
        Texts, _about("Host names that are answered; none named means the loopback names and `host`.")
    ] = ()
    require_system: Annotated[bool, _about("A login must name a registered system and its secret.")] = False
    session_idle_seconds: Annotated[float, _seconds("A login session ends when it was not used for this long.")] = (
        1800.0
    )
    session_absolute_seconds: Annotated[float, _seconds("A login session ends this long after login, used or not.")] = (
        43200.0
    )
    access_token_seconds: Annotated[
        float, _seconds("Life of an access token made by `microflow token add` that names no other.")
    ] = 90 * 86400.0
    admin_password: Annotated[
        Secret | None, _about("Password of the first administrator; absent means one is made and shown once.")
    ] = None
    anonymous_per_second: Annotated[
        float, _about("Calls without a session that one service account may serve.", unit="calls a second", at_least=0)
    ] = 50.0

    # Limits
    body_bytes: Annotated[int, _limit("Size of a request's body.", "bytes")] = 8 * MIB
    body_seconds: Annotated[float, _seconds("Time in which a request's body must arrive.")] = 30.0
    object_keys: Annotated[int, _limit("Keys of one object in a body.", "keys")] = 10_000
    total_keys: Annotated[int, _limit("Keys of all objects in a body together.", "keys")] = 1_000_000
    text_bytes: Annotated[int, _limit("Size of one text in a body.", "bytes")] = 4 * MIB
    nesting_depth: Annotated[int, _about("Nesting of a body.", unit="levels", at_least=1, at_most=200)] = 64
    execution_seconds: Annotated[float, _seconds("Time one execution may take, everything it calls included.")] = 30.0
    steps: Annotated[int, _limit("Steps of one execution outside loops.", "steps")] = 10_000
    total_steps: Annotated[int, _limit("Steps of one execution in all.", "steps")] = 1_000_000
    depth: Annotated[int, _about("Sub flows inside each other.", unit="levels", at_least=1, at_most=64)] = 16
    loop_turns: Annotated[int, _limit("Turns of one loop.", "turns")] = 100_000
    rows: Annotated[int, _limit("Rows one database node may read.", "rows")] = 50_000
    reply_bytes: Annotated[int, _limit("Size of a reply.", "bytes")] = 32 * MIB
    code_processes: Annotated[
        int, _about("Processes of one worker that custom code runs in at once.", at_least=1, at_most=256)
    ] = 4
    code_waiting: Annotated[
        int, _about("Calls of custom code of one worker that may wait for a process.", unit="calls", at_least=0)
    ] = 16
    code_memory_bytes: Annotated[
        int, _about("Address space of one process of custom code.", unit="bytes", at_least=128 * MIB)
    ] = 1024 * MIB
    code_result_bytes: Annotated[int, _limit("Size of what one call of custom code gives.", "bytes")] = 32 * MIB
    code_idle_seconds: Annotated[
        float, _seconds("A process of custom code that had nothing to do for this long ends.")
    ] = 60.0
    concurrent_executions: Annotated[int, _limit("Executions under way at once in one worker.", "executions")] = 512
    concurrent_per_principal: Annotated[
        int, _limit("Executions of one principal under way at once in one worker.", "executions")
    ] = 128
    kept_plans: Annotated[
        int,
        _limit("Compiled flows that one worker keeps; one not called for long is compiled again when it is.", "flows"),
    ] = 750

    # Logs
    log_level: Annotated[str, _about("Least level that is logged: `debug`, `info`, `warning` or `error`.")] = "info"
    log_format: Annotated[str, _about("`json` for lines of JSON, `console` for people.")] = "json"

    origins: Mapping[str, str] = {}

    @property
    def packages_folder(self) -> Path | None:
        """Give the folder packages are fetched from, None when they are kept elsewhere."""
        if self.packages is None:
            return self.home / "packages"
        return None if is_address(self.packages) else Path(self.packages)

    @property
    def secrets_folder(self) -> Path:
        """Give the folder that secrets are looked for in."""
        return self.secrets if self.secrets is not None else self.home / "secrets"

    @property
    def prefix(self) -> str:
        """Give the context root as a prefix of paths: `""` for `/`, `/oneweb` for `/oneweb`."""
        return "" if self.context_root == "/" else self.context_root

    def origin_of(self, name: str) -> str:
        """Tell where the value of a setting came from: `default`, or the variable, key or option that set it."""
        return self.origins.get(name, "default")
