"""DMN files out of a few words each, and files that mean harm."""

MODEL = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def definitions(*parts: str, namespace: str = MODEL, before: str = "") -> bytes:
    """Give a file with these elements."""
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<definitions xmlns="{namespace}" id="d" name="d" namespace="n">\n'
    return (head + "\n".join(parts) + "\n</definitions>\n").encode()


def input_data(name: str, type_ref: str = "") -> str:
    """Give input data whose id is its name without spaces."""
    kind = f' typeRef="{type_ref}"' if type_ref else ""
    return f'<inputData id="{id_of(name)}" name="{name}"><variable name="{name}"{kind}/></inputData>'


def decision(name: str, logic: str, *requires: str, type_ref: str = "") -> str:
    """Give a decision; what it requires are names, of decisions behind a `!`, of knowledge models behind a `%`."""
    kind = f' typeRef="{type_ref}"' if type_ref else ""
    links = "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{id_of(each)}"/></knowledgeRequirement>'
        if each[0] == "%"
        else f'<informationRequirement><required{"Decision" if each[0] == "!" else "Input"} href="#{id_of(each)}"/>'
        "</informationRequirement>"
        for each in requires
    )
    return f'<decision id="{id_of(name)}" name="{name}"><variable name="{name}"{kind}/>{links}{logic}</decision>'


def knowledge(name: str, logic: str, *parameters: str) -> str:
    """Give a business knowledge model with parameters as `name: type`."""
    shown = "".join(f"<formalParameter{_typed(each)}/>" for each in parameters)
    inside = f"<encapsulatedLogic>{shown}{logic}</encapsulatedLogic>"
    return f'<businessKnowledgeModel id="{id_of(name)}" name="{name}"><variable name="{name}"/>{inside}</businessKnowledgeModel>'


def boxed_context(*entries: tuple[str, str]) -> str:
    """Give a boxed context; an entry is its name, as `name: type`, and its expression."""
    shown = "".join(
        f"<contextEntry>{f'<variable{_typed(name)}/>' if name else ''}{logic}</contextEntry>" for name, logic in entries
    )
    return f"<context>{shown}</context>"


def part(box: str, variable: str = "", **parts: str) -> str:
    """Give a boxed iteration, filter or conditional out of its parts."""
    shown = "".join(f"<{name}>{logic}</{name}>" for name, logic in parts.items())
    return f"<{box}{_attribute('iteratorVariable', variable)}>{shown}</{box}>"


def literal(text: str) -> str:
    """Give a literal expression."""
    return f"<literalExpression><text>{escaped(text)}</text></literalExpression>"


def table(
    inputs: list[str], outputs: list[str], *rules: list[str], hit: str = "", clauses: str = "", attributes: str = ""
) -> str:
    """Give a table: formulas of inputs, names of outputs (`name: type`), rules of cells. `clauses` go into the last output."""
    policy = f' hitPolicy="{hit}"' if hit else ""
    shown = "".join(
        f"<input><inputExpression><text>{escaped(each)}</text></inputExpression></input>" for each in inputs
    )
    for index, each in enumerate(outputs):
        name, _, kind = (part.strip() for part in each.partition(":"))
        inside = clauses if index == len(outputs) - 1 else ""
        shown += f"<output{_attribute('name', name)}{_attribute('typeRef', kind)}>{inside}</output>"
    for cells in rules:
        tests = "".join(_cell("inputEntry", each) for each in cells[: len(inputs)])
        shown += f"<rule>{tests}{''.join(_cell('outputEntry', each) for each in cells[len(inputs) :])}</rule>"
    return f"<decisionTable{policy}{attributes}>{shown}</decisionTable>"


def item(name: str, type_ref: str, allowed: str = "", *, of_many: bool = False) -> str:
    """Give an item definition."""
    tests = f"<allowedValues><text>{escaped(allowed)}</text></allowedValues>" if allowed else ""
    many = ' isCollection="true"' if of_many else ""
    return f'<itemDefinition name="{name}"{many}><typeRef>{type_ref}</typeRef>{tests}</itemDefinition>'


def id_of(name: str) -> str:
    """Give the id of what has a name."""
    return "_" + name.strip("!%").replace(" ", "")


def escaped(text: str) -> str:
    """Give a text as XML writes it."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _cell(element: str, text: str) -> str:
    return f"<{element}><text>{escaped(text)}</text></{element}>"


def _typed(text: str) -> str:
    name, _, kind = (each.strip() for each in text.partition(":"))
    return _attribute("name", name) + _attribute("typeRef", kind)


def _attribute(name: str, value: str) -> str:
    return f' {name}="{value}"' if value else ""


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
HARM = {
    "entity bomb": definitions(
        decision("A", "<literalExpression><text>&l11;</text></literalExpression>"),
        before=f'<!DOCTYPE definitions [<!ENTITY l0 "ha">{LAUGHS}]>\n',
    ),
    "external entity": definitions(
        decision("A", "<literalExpression><text>&x;</text></literalExpression>"),
        before='<!DOCTYPE definitions [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n',
    ),
    "external DTD": definitions(decision("A", literal("1")), before='<!DOCTYPE definitions SYSTEM "http://127.0.0.1:9/x.dtd">\n'),
    "parameter entity": definitions(
        decision("A", literal("1")), before='<!DOCTYPE definitions [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>\n'
    ),
    "depth": definitions("<a>" * 5_000 + "</a>" * 5_000),
    "count": definitions("<a/>" * 300_000),
    "size": definitions("<!--" + "x" * 4_000_001 + "-->"),
}  # fmt: skip
