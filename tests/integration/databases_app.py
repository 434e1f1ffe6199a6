"""The app that asks databases of every kind: the same flows for each, and the tables they need."""

from pathlib import Path
from typing import Final

from tests.app_folder import write_app

KINDS: Final = ("sqlite", "postgresql", "mariadb")
TABLES: Final = {
    "sqlite": "create table moment (id integer primary key, at text, zoned text, day text); create table note (text text not null primary key);",
    "postgresql": "create table moment (id serial primary key, at timestamp, zoned timestamptz, day date); create table note (text text not null primary key);",
    "mariadb": "create table moment (id int auto_increment primary key, at datetime(6), zoned timestamp(6) null, day date); create table note (text varchar(200) not null primary key);",
}  # fmt: skip
SLEEP: Final = {
    "sqlite": "with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) as n from c",
    "postgresql": "select pg_sleep(60)",
    "mariadb": "select sleep(60)",
}
_SHORT_SLEEP: Final = {
    "sqlite": "with recursive c(n) as (select 1 union all select n + 1 from c where n < 3000000) select count(*) as n from c",
    "postgresql": "select pg_sleep(0.7)",
    "mariadb": "select sleep(0.7)",
}
_BUSINESS_OBJECTS: Final = {
    "MomentBO": "at: date-time\nzoned: date-time?\nday: date",
    "NameBO": "name: string",
    "NamesBO": "names: [NameBO]",
    "CountBO": "count: integer",
    "TextBO": "text: string",
}


def _flows(kind: str) -> dict[str, str]:
    return {
        f"Moments {kind}": f"""
            inputs: {{MomentBO: MomentBO}}
            outputs: {{Read: MomentBO}}
            nodes:
              Start: {{type: start, next: Write}}
              Write:
                type: database
                source: {kind}
                command: insert
                sql: insert into moment (at, zoned, day) values (:at, :at, :day)
                in: {{at: = MomentBO.at, day: = MomentBO.day}}
                next: Read
              Read:
                type: database
                source: {kind}
                command: select
                sql: select at, zoned, day from moment order by id desc limit 1
                columns: {{at: date-time, zoned: date-time, day: date}}
                out: {{Read: = if row != null then row else MomentBO}}
                next: End
              End: {{type: end}}
            """,
        f"Name {kind}": f"""
            inputs: {{NameBO: NameBO}}
            outputs: {{NameBO: NameBO}}
            nodes:
              Start: {{type: start, next: Write}}
              Write:
                type: database
                source: {kind}
                command: insert
                sql: insert into note (text) values (:name)
                in: {{name: = NameBO.name}}
                next: Read
              Read:
                type: database
                source: {kind}
                command: select
                sql: select text from note where text = :name and ':no' <> 'x'
                in: {{name: = NameBO.name}}
                out: {{NameBO.name: '= if row.text != null then row.text else ""'}}
                columns: {{text: string}}
                next: Tidy
              Tidy:
                type: database
                source: {kind}
                command: delete
                sql: delete from note where text = :name
                in: {{name: = NameBO.name}}
                next: End
              End: {{type: end}}
            """,
        f"Names {kind}": f"""
            inputs: {{NamesBO: NamesBO}}
            outputs: {{CountBO: CountBO}}
            variables: {{Told: TextBO}}
            nodes:
              Start: {{type: start, next: Write}}
              Write:
                type: database
                source: {kind}
                command: insert
                sql: insert into note (text) values (:name)
                batch: = NamesBO.names
                out: {{CountBO.count: = count}}
                catch:
                  - {{error: database.constraint, to: None}}
                next: End
              None: {{type: mapping, out: {{CountBO.count: 0}}, next: End}}
              End: {{type: end}}
            """,
        f"Inside {kind}": f"""
            inputs: {{NameBO: NameBO}}
            nodes:
              Start: {{type: start, next: Insert}}
              Insert:
                type: database
                source: {kind}
                command: insert
                sql: insert into note (text) values (:name)
                in: {{name: = NameBO.name}}
                next: Sleep
              Sleep:
                type: database
                source: {kind}
                command: select
                sql: {SLEEP[kind]}
                next: End
              End: {{type: end}}
            """,
        f"Outside {kind}": f"""
            inputs: {{NameBO: NameBO}}
            limits: {{execution: 2s}}
            nodes:
              Start: {{type: start, next: Call}}
              Call: {{type: sub flow, flow: Inside {kind}, in: {{NameBO: = NameBO}}, next: End}}
              End: {{type: end}}
            """,
        f"Hold {kind}": f"""
            outputs: {{TextBO: TextBO}}
            nodes:
              Start: {{type: start, next: Call}}
              Call: {{type: sub flow, flow: Hold Inside {kind}, next: Say}}
              Say: {{type: mapping, out: {{TextBO.text: held}}, next: End}}
              End: {{type: end}}
            """,
        f"Hold Inside {kind}": f"""
            nodes:
              Start: {{type: start, next: Sleep}}
              Sleep:
                type: database
                source: {kind} narrow
                command: select
                sql: {_SHORT_SLEEP[kind]}
                next: End
              End: {{type: end}}
            """,
    }


def write_databases_app(folder: Path, urls: dict[str, str]) -> Path:
    """Write the app. `urls` are those of the servers' databases; the password is the secret `database`."""
    sources = {"sqlite": "url: sqlite:///notes.db, create_from: files/notes.sql"}
    sources |= {kind: f'url: "{url}", password: {{secret: database}}' for kind, url in urls.items()}
    lines = [f"      {kind}: {{{keys}}}" for kind, keys in sources.items()]
    lines += [f"      {kind} narrow: {{{keys}, pool_size: 1, waiting: 1}}" for kind, keys in sources.items()]
    app = "\n".join(
        ["    app: Databases", "    version: v.1.0.0", "    time_zone: Asia/Bangkok", "    data_sources:", *lines, ""]
    )
    flows = {name: text for kind in KINDS for name, text in _flows(kind).items()}
    return write_app(folder / "Databases", app, _BUSINESS_OBJECTS, flows, {"notes.sql": TABLES["sqlite"]})
