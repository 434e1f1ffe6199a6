"""An app that asks for something of every kind, and the grants that it needs."""

import msgspec
from tests.unit.small_apps import source_of

from microflow_runtime.compiler.reading import AppDefinitions, read_definitions
from microflow_runtime.model.app import App
from microflow_runtime.settings import Settings

APP = """
app: Shop
version: v.1
environments: {DEV: {variables: {fx_host: "127.0.0.1:1", key: fx_key}}, PROD: {variables: {nowhere: "127.0.0.1:1"}}}
connections:
  fx:
    url: "http://{fx_host}/v1"
    auth: {type: oauth2, token_url: "https://login.example/token", client_id: c, client_secret: {secret: "{key}"}}
    headers: {X-Key: {secret: header_key}}
  inbox: {type: folder, path: /srv/inbox}
  own: {type: folder, path: own}
  ftps: {type: ftps, host: FTP.example, username: u, password: {secret: ftp_key}}
  bucket: {type: s3, bucket: bbb, access_key: {secret: id}, secret_key: {secret: s3_key}}
  minio: {type: s3, bucket: bbb, endpoint: "http://127.0.0.1:9", access_key: {secret: id}, secret_key: {secret: s3_key}}
  post: {type: smtp, host: 127.0.0.1, port: 1, security: none}
  lacking: {url: "http://{nowhere}"}
data_sources:
  notes: {url: "sqlite:///notes.db"}
  orders: {url: "postgresql://u@127.0.0.1:1/d", password: {secret: db_key}, settings: {sslmode: verify-ca, sslrootcert: /srv/ca.pem}}
"""
ASKED = [
    "host http://127.0.0.1:1",
    "host https://login.example:443",
    "secret fx_key",
    "secret header_key",
    "folder /srv/inbox",
    "host ftps://ftp.example:21",
    "secret ftp_key",
    "host https://s3.amazonaws.com:443",
    "secret id",
    "secret s3_key",
    "host http://127.0.0.1:9",
    "secret id",
    "secret s3_key",
    "host smtp://127.0.0.1:1",
    "host postgresql://127.0.0.1:1",
    "secret db_key",
    "folder /srv/ca.pem",
]


def definitions_of(text: str) -> AppDefinitions:
    """Read an app.yaml without flows."""
    return read_definitions(source_of(text))


def app_of(text: str = APP, *, is_package: bool = True) -> App:
    """Give the app of an app.yaml as the flows of a package see it, or those of a folder."""
    definitions = definitions_of(text)
    assert [fault.one_line() for fault in definitions.faults if fault.is_error] == []
    app = definitions.app
    assert app is not None
    return msgspec.structs.replace(app, is_package=is_package)


def settings_with(*grants: str, **more: object) -> Settings:
    """Give settings with these grants, each as `kind name`, for the app Shop."""
    entries = tuple("Shop/{}={}".format(*grant.split(" ", 1)) for grant in grants)
    return Settings(grants=entries, **more)  # type: ignore[arg-type]
