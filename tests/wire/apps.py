"""The apps that the wire tests call: small flows, each for one rule of what goes over the wire."""

from pathlib import Path
from typing import Final

from tests.app_folder import write_app

_BUSINESS_OBJECTS: Final = {
    "RequestBO": "requestData: string",
    "ResponseBO": "responseData: decimal",
    "Text": "text: string?",
    "Shape": "kind: string",
    "Month": "wGSchedule: [Person]",
    "Person": """
        employee_name: string
        state_name_Pl: Hours
        dWork: [Day]
        """,
    "Hours": "working_hour: decimal?",
    "Day": "state_nameP: [Activity]",
    "Activity": "day_activityP: string",
    "Everything": """
        text: string
        whole: integer
        exact: decimal
        yes: boolean
        day: date
        hour: time
        moment: date-time
        span: duration
        nothing: string?
        none: [string]
        """,
    "Numbers": """
        amount: decimal?
        count: integer?
        """,
    "Name": "a field with spaces: string",
}

_ECHO_TEXT: Final = """
    inputs: {RequestBO: RequestBO}
    outputs: {Text: Text}
    nodes:
      Start: {type: start, next: Copy}
      Copy: {type: mapping, out: {Text.text: = RequestBO.requestData}, next: End}
      End: {type: end}
    """

_SAYS: Final = """
    id: {id}
    outputs: {{Text: Text}}
    {extra}
    nodes:
      Start: {{type: start, next: Say}}
      Say: {{type: mapping, out: {{Text.text: "{text}"}}, next: End}}
      End: {{type: end}}
    """

_SHAPES: Final = """
    inputs: {Shape: Shape}
    outputs: {Months: [Month], Alone: Month}
    nodes:
      Start: {type: start, next: Which}
      Which:
        type: gateway
        links:
          - {when: '= Shape.kind = "full"', to: Full}
          - {when: '= Shape.kind = "hollow"', to: Hollow}
          - {when: '= Shape.kind = "none"', to: None}
          - {otherwise: true, to: End}
      Full:
        type: mapping
        out:
          Months: |
            = [{wGSchedule: [{employee_name: "A", state_name_Pl: {working_hour: 8},
                dWork: [{state_nameP: [{day_activityP: "N"}]}]}]}]
          Alone: |
            = {wGSchedule: [{employee_name: "A", state_name_Pl: {working_hour: 8},
                dWork: [{state_nameP: [{day_activityP: "N"}]}]}]}
        next: End
      Hollow:
        type: mapping
        out:
          Months: |
            = [{wGSchedule: [{employee_name: "A", state_name_Pl: {working_hour: null}, dWork: [{state_nameP: []}]}]}]
          Alone: |
            = {wGSchedule: [{employee_name: "A", state_name_Pl: {}, dWork: []}]}
        next: End
      None:
        type: mapping
        out:
          Months: = []
          Alone: "= {}"
        next: End
      End: {type: end}
    """

_FLOWS: Final = {
    "Rate": """
        inputs: {RequestBO: RequestBO}
        outputs: {ResponseBO: ResponseBO}
        nodes:
          Start: {type: start, next: Answer}
          Answer: {type: mapping, out: {ResponseBO.responseData: 31.184504}, next: End}
          End: {type: end}
        """,
    "Get Tracking List": _ECHO_TEXT,
    "อัตราแลกเปลี่ยน": _ECHO_TEXT,
    'He said "hi"': _ECHO_TEXT,
    "Nothing Written": """
        inputs: {Given: RequestBO?}
        outputs: {Single: ResponseBO, Rows: [ResponseBO], Text: string, Texts: [string]}
        nodes:
          Start: {type: start, next: End}
          End: {type: end}
        """,
    "Shapes": _SHAPES,
    "Throws": """
        inputs: {RequestBO: RequestBO}
        outputs: {ResponseBO: ResponseBO}
        nodes:
          Start: {type: start, next: Fill}
          Fill: {type: mapping, out: {ResponseBO.responseData: 1}, next: Stop}
          Stop: {type: throw, error: no luck, message: '= "No luck with \\"" + RequestBO.requestData + "\\"."'}
        """,
    "Divides": """
        inputs: {Numbers: Numbers}
        outputs: {Numbers: Numbers}
        variables: {Zero: integer}
        nodes:
          Start: {type: start, next: Zeroes}
          Zeroes: {type: mapping, out: {Zero: 0}, next: Divide}
          Divide: {type: mapping, out: {Numbers.amount: = 1 / Zero}, next: End}
          End: {type: end}
        """,
    "Everything": """
        inputs: {Everything: Everything}
        outputs: {Everything: Everything}
        nodes:
          Start: {type: start, next: End}
          End: {type: end}
        """,
    "Numbers": """
        inputs: {Numbers: Numbers}
        outputs: {Numbers: Numbers}
        nodes:
          Start: {type: start, next: End}
          End: {type: end}
        """,
    "Takes Lists": """
        inputs: {Rows: [RequestBO]}
        outputs: {Rows: [RequestBO]}
        nodes:
          Start: {type: start, next: End}
          End: {type: end}
        """,
    "Spaces": """
        outputs: {Name: Name}
        nodes:
          Start: {type: start, next: Fill}
          Fill: {type: mapping, out: {Name.a field with spaces: x}, next: End}
          End: {type: end}
        """,
    "Long": """
        inputs: {RequestBO: RequestBO}
        outputs: {Text: Text}
        limits: {reply_bytes: 100}
        nodes:
          Start: {type: start, next: Copy}
          Copy: {type: mapping, out: {Text.text: = RequestBO.requestData}, next: End}
          End: {type: end}
        """,
    "Same": _SAYS.format(id="same-in-wire", extra="", text="wire"),
    "Open": _SAYS.format(id="open", extra="anonymous: {as: guest}", text="welcome"),
    "Open In Two": _SAYS.format(id="open-wire", extra="anonymous: {as: guest}", text="wire"),
    "Wants To Be Open": _SAYS.format(id="unlet", extra="anonymous: {as: nobody}", text="never"),
}


def write_wire_apps(folder: Path) -> tuple[Path, ...]:
    """Write the apps Wire, Twin and Closed; some flows have the same name in several of them."""
    text = {"Text": "text: string?"}
    twin = {
        "Same": _SAYS.format(id="same-in-twin", extra="", text="twin"),
        "Open In Two": _SAYS.format(id="open-twin", extra="anonymous: {as: guest}", text="twin"),
    }
    closed = {
        "Same": _SAYS.format(id="same-in-closed", extra="", text="closed"),
        "Open In Two": _SAYS.format(id="open-closed", extra="anonymous: {as: nobody}", text="closed"),
        "Secret": _SAYS.format(id="secret", extra="", text="secret"),
    }
    return (
        write_app(folder / "Wire", "app: Wire\nversion: v.1.0.0\n", _BUSINESS_OBJECTS, _FLOWS),
        write_app(folder / "Twin", "app: Twin\nversion: v.2.0.0\n", text, twin),
        write_app(folder / "Closed", "app: Closed\nversion: v.3.0.0\n", text, closed),
    )
