"""The app that the integration tests call beside Demo and Tracking: one flow or two for each known trap."""

from pathlib import Path
from typing import Final

from tests.app_folder import write_app

_BUSINESS_OBJECTS: Final = {
    "OrderBO": "amount: decimal\ncount: integer",
    "ResultBO": """
        amount: decimal
        doubled: decimal
        stored: decimal
        count: integer
        is_number: boolean
        is_more: boolean
        """,
    "MaybeBO": "x: string?\ny: InnerBO?",
    "InnerBO": "z: string?",
    "VerdictBO": "is_null: boolean\nis_not_null: boolean\ninner_is_null: boolean",
    "NeedsBO": "needed: string\nnames: [string]",
    "MomentBO": "at: date-time\nday: date",
    "NameBO": "name: string",
    "TextBO": "text: string",
    "CountBO": "count: integer",
    "LongBO": "size: integer",
    "ErrorBO": "kind: string\nmessage: string",
}

_SLOW_SQL: Final = (
    "with recursive counted(n) as (select 1 union all select n + 1 from counted where n < 1000000000) "
    "select count(*) as n from counted"
)

_FLOWS: Final = {
    "Numbers": """
        inputs: {OrderBO: OrderBO}
        outputs: {ResultBO: ResultBO}
        variables: {Stored: decimal}
        nodes:
          Start: {type: start, next: Store}
          Store:
            type: database
            source: traps
            command: select
            sql: select :amount as amount
            columns: {amount: decimal}
            in: {amount: = OrderBO.amount}
            out: {Stored: = if row.amount != null then row.amount else 0}
            next: Fill
          Fill:
            type: mapping
            out:
              ResultBO.amount: = OrderBO.amount
              ResultBO.doubled: = OrderBO.amount * 2
              ResultBO.stored: = Stored
              ResultBO.count: = OrderBO.count
              ResultBO.is_number: = OrderBO.amount instance of number
              ResultBO.is_more: = OrderBO.amount > 100
            next: End
          End: {type: end}
        """,
    "Missing": """
        inputs: {MaybeBO: MaybeBO?}
        outputs: {VerdictBO: VerdictBO}
        nodes:
          Start: {type: start, next: Which}
          Which:
            type: gateway
            links:
              - {when: = MaybeBO.x = null, to: None}
              - {when: = MaybeBO.x != null, to: Some}
              - {otherwise: true, to: Neither}
          None:
            type: mapping
            out:
              VerdictBO: '= {is_null: true, is_not_null: MaybeBO.x != null, inner_is_null: MaybeBO.y.z = null}'
            next: End
          Some:
            type: mapping
            out:
              VerdictBO: '= {is_null: false, is_not_null: MaybeBO.x != null, inner_is_null: MaybeBO.y.z = null}'
            next: End
          Neither: {type: throw, message: neither null nor not}
          End: {type: end}
        """,
    "Needs": """
        inputs: {NeedsBO: NeedsBO}
        outputs: {NeedsBO: NeedsBO}
        nodes:
          Start: {type: start, next: End}
          End: {type: end}
        """,
    "Moments": """
        inputs: {MomentBO: MomentBO}
        outputs: {Echo: MomentBO, Read: [MomentBO]}
        nodes:
          Start: {type: start, next: Write}
          Write:
            type: database
            source: traps
            command: insert
            sql: insert into moment (at, day) values (:at, :day)
            in: {at: = MomentBO.at, day: = MomentBO.day}
            next: Read
          Read:
            type: database
            source: traps
            command: select
            sql: select at, day from moment where at = :at and day = :day limit 1
            columns: {at: date-time, day: date}
            in: {at: = MomentBO.at, day: = MomentBO.day}
            out: {Echo: = MomentBO, Read: = rows}
            next: End
          End: {type: end}
        """,
    "Name Inside": """
        inputs: {NameBO: NameBO}
        outputs: {TextBO: TextBO}
        nodes:
          Start: {type: start, next: Store}
          Store:
            type: database
            source: traps
            command: select
            sql: select :name as name
            columns: {name: string}
            in: {name: = NameBO.name}
            out: {TextBO.text: '= if row.name != null then row.name else ""'}
            next: End
          End: {type: end}
        """,
    "Name": """
        inputs: {NameBO: NameBO}
        outputs: {TextBO: TextBO}
        variables: {Inside: TextBO}
        nodes:
          Start: {type: start, next: Ask}
          Ask:
            type: sub flow
            flow: Name Inside
            in: {NameBO: = NameBO}
            out: {Inside: = TextBO}
            next: Copy
          Copy: {type: mapping, out: {TextBO.text: = Inside.text}, next: End}
          End: {type: end}
        """,
    "Name In Error": """
        inputs: {NameBO: NameBO}
        outputs: {TextBO: TextBO}
        nodes:
          Start: {type: start, next: Stop}
          Stop: {type: throw, message: = NameBO.name}
        """,
    "Condition Uncaught": """
        inputs: {CountBO: CountBO}
        outputs: {TextBO: TextBO}
        nodes:
          Start: {type: start, next: Which}
          Which:
            type: gateway
            links:
              - {label: many, when: = 10 / CountBO.count > 1, to: Many}
              - {label: few, otherwise: true, to: Few}
          Many: {type: mapping, out: {TextBO.text: many}, next: End}
          Few: {type: mapping, out: {TextBO.text: few}, next: End}
          End: {type: end}
        """,
    "Condition Caught": """
        inputs: {CountBO: CountBO}
        outputs: {TextBO: TextBO}
        nodes:
          Start: {type: start, next: Which}
          Which:
            type: gateway
            links:
              - {label: many, when: = 10 / CountBO.count > 1, to: Many}
              - {label: few, otherwise: true, to: Few}
            catch:
              - {error: formula, to: End, out: {TextBO.text: '= "caught " + error.kind + " at " + error.node'}}
          Many: {type: mapping, out: {TextBO.text: many}, next: End}
          Few: {type: mapping, out: {TextBO.text: few}, next: End}
          End: {type: end}
        """,
    "Condition Null": """
        inputs: {MaybeBO: MaybeBO?}
        outputs: {TextBO: TextBO}
        nodes:
          Start: {type: start, next: Which}
          Which:
            type: gateway
            links:
              - {label: equal, when: = MaybeBO.x < "b", to: Yes}
              - {label: other, otherwise: true, to: No}
          Yes: {type: mapping, out: {TextBO.text: 'yes'}, next: End}
          No: {type: mapping, out: {TextBO.text: 'no'}, next: End}
          End: {type: end}
        """,
    "No Way Out": """
        inputs: {CountBO: CountBO}
        outputs: {TextBO: TextBO}
        nodes:
          Start: {type: start, next: Which}
          Which:
            type: gateway
            links:
              - {label: many, when: = CountBO.count > 1, to: End}
          End: {type: end}
        """,
    "Long": """
        inputs: {LongBO: LongBO}
        outputs: {TextBO: TextBO}
        limits: {reply_bytes: 1000}
        nodes:
          Start: {type: start, next: Fill}
          Fill:
            type: mapping
            out: {TextBO.text: '= string join(for i in 1..LongBO.size return "x", "")'}
            next: End
          End: {type: end}
        """,
    "Slow": f"""
        outputs: {{CountBO: CountBO}}
        limits: {{execution: 1s}}
        nodes:
          Start: {{type: start, next: Count slowly}}
          Count slowly:
            type: database
            source: traps
            command: select
            sql: {_SLOW_SQL}
            columns: {{n: integer}}
            out: {{CountBO.count: = if row.n != null then row.n else 0}}
            next: End
          End: {{type: end}}
        """,
    "Slow Inside": f"""
        inputs: {{NameBO: NameBO}}
        outputs: {{CountBO: CountBO}}
        limits: {{execution: 20s}}
        nodes:
          Start: {{type: start, next: Insert}}
          Insert:
            type: database
            source: traps
            command: insert
            sql: insert into note (text) values (:text)
            in: {{text: = NameBO.name}}
            next: Count slowly
          Count slowly:
            type: database
            source: traps
            command: select
            sql: {_SLOW_SQL}
            columns: {{n: integer}}
            out: {{CountBO.count: = if row.n != null then row.n else 0}}
            next: End
          End: {{type: end}}
        """,
    "Slow Outside": """
        inputs: {NameBO: NameBO}
        outputs: {CountBO: CountBO}
        limits: {execution: 1s}
        nodes:
          Start: {type: start, next: Call}
          Call:
            type: sub flow
            flow: Slow Inside
            in: {NameBO: = NameBO}
            out: {CountBO: = CountBO}
            next: End
          End: {type: end}
        """,
    "Slow Insert": """
        inputs: {NameBO: NameBO}
        outputs: {CountBO: CountBO}
        limits: {execution: 1s}
        nodes:
          Start: {type: start, next: Insert slowly}
          Insert slowly:
            type: database
            source: traps
            command: insert
            sql: |
              with recursive counted(n) as (select 1 union all select n + 1 from counted where n < 1000000000)
              insert into note (text) select :text from counted where n % 100000 = 0
            in: {text: = NameBO.name}
            next: End
          End: {type: end}
        """,
    "Note And Fail": """
        inputs: {NameBO: NameBO}
        outputs: {CountBO: CountBO}
        nodes:
          Start: {type: start, next: Insert}
          Insert:
            type: database
            source: traps
            command: insert
            sql: insert into note (text) values (:text)
            in: {text: = NameBO.name}
            catch:
              - {error: database, to: Stop}
            next: Insert another way
          Insert another way:
            type: database
            source: traps
            command: insert
            sql: with one(text) as (select :text) insert into note (text) select text from one
            in: {text: = NameBO.name}
            next: Stop
          Stop: {type: throw, message: and now it fails}
        """,
    "Note Around An Error": """
        inputs: {NameBO: NameBO}
        outputs: {CountBO: CountBO}
        nodes:
          Start: {type: start, next: Insert}
          Insert:
            type: database
            source: traps
            command: insert
            sql: insert into note (text) values (:text)
            in: {text: = NameBO.name}
            out: {CountBO.count: = count}
            next: Break
          Break:
            type: database
            source: traps
            command: insert
            sql: insert into note (text) values (null)
            catch:
              - {error: database, to: End}
            next: End
          End: {type: end}
        """,
    "Count Notes": """
        inputs: {NameBO: NameBO}
        outputs: {CountBO: CountBO}
        nodes:
          Start: {type: start, next: Count}
          Count:
            type: database
            source: traps
            command: select
            sql: select count(*) as n from note where text = :text
            columns: {n: integer}
            in: {text: = NameBO.name}
            out: {CountBO.count: = if row.n != null then row.n else 0}
            next: End
          End: {type: end}
        """,
    "Look And Note": """
        inputs: {NameBO: NameBO}
        outputs: {CountBO: CountBO}
        nodes:
          Start: {type: start, next: Look}
          Look:
            type: database
            source: traps
            command: select
            sql: select count(*) as n from note where text = :text
            columns: {n: integer}
            in: {text: = NameBO.name}
            out: {CountBO.count: = if row.n != null then row.n else 0}
            next: Insert
          Insert:
            type: database
            source: traps
            command: insert
            sql: insert into note (text) values (:text)
            in: {text: = NameBO.name}
            next: End
          End: {type: end}
        """,
    "Waits Half A Second": f"""
        outputs: {{TextBO: TextBO}}
        nodes:
          Start: {{type: start, next: Wait}}
          Wait:
            type: database
            source: traps
            command: select
            sql: {_SLOW_SQL}
            timeout: 500ms
            catch:
              - {{error: timeout, to: Say}}
            next: Say
          Say: {{type: mapping, out: {{TextBO.text: waited}}, next: End}}
          End: {{type: end}}
        """,
}

_TABLES: Final = """
    create table moment (at text not null, day text not null);
    create table note (text text not null);
    """

_APP: Final = """
    app: Traps
    version: v.1.0.0
    time_zone: Asia/Bangkok
    data_sources:
      traps: {url: "sqlite:///traps.db", create_from: files/traps.sql, pool_size: 3, waiting: 100}
    """


def write_traps_app(folder: Path) -> Path:
    """Write the app Traps."""
    return write_app(folder / "Traps", _APP, _BUSINESS_OBJECTS, _FLOWS, {"traps.sql": _TABLES})
