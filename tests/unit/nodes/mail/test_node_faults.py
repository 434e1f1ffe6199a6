"""What is wrong with a mail node is told when it is compiled."""

import pytest
from tests.unit.nodes.mail.fake_mail import told_of

GOOD = """
    to: a@b.example
    subject: Hello {name}
    text: t
    in: {name: '= if In.name = null then "" else In.name'}
"""


def test_a_good_one_has_no_fault() -> None:
    """As a start for the others."""
    assert told_of(GOOD) == "No faults.\n"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("to: a@b.example", "to: nobody", "MF-D192 This is no address: it has no `@`"),
        ("to: a@b.example", "to: {adress: a@b.example}", 'MF-D192 An address has no key "adress"'),
        ("to: a@b.example", "to: 5", "MF-D192 This is no address."),
        ("    to: a@b.example\n", "", "MF-D193 The mail goes to nobody."),
        ("    text: t\n", "", "MF-D193 The mail says nothing."),
        ("text: t", "text: '{nmae}'", "MF-D190 The placeholder `{nmae}` has no value."),
        (
            "'= if In.name = null then \"\" else In.name'",
            "= In.name",
            "MF-F011 The value of `{name}` may be missing, and a text has to be filled with it.",
        ),
        ("'= if In.name = null then \"\" else In.name'", "null", "MF-F011 The value of `{name}` may be missing"),
        ("text: t", "text: '{In.name}'", "MF-D191 `{In.name}` is no placeholder."),
        ("text: t", "html: = In.name", "MF-D196 The HTML of a mail is constant"),
        ("subject: Hello {name}", "subject: Hello", "MF-D065 No text of the mail has the placeholder `{name}`."),
        ("subject: Hello {name}", "subject: = In.number", "MF-F"),
        ("subject: Hello {name}", "connection: pots\n    subject: '{name}'", "MF-D004"),
        (
            "text: t",
            "text: t\n    attachments: [{name: a, text: b, file: files/terms.txt}]",
            "MF-D194 An attachment has one",
        ),
        ("text: t", "text: t\n    attachments: [{text: b}]", "MF-D194 An attachment needs a `name`."),
        (
            "text: t",
            "text: t\n    attachments: [{file: files/term.txt}]",
            "MF-D194 The app has no file `files/term.txt`.",
        ),
        (
            "text: t",
            "text: t\n    attachments: [{file: /etc/passwd}]",
            "MF-D194 `file` is the path of a file of the app.",
        ),
        ("text: t", "text: t\n    attachments: [{name: a, text: b, type: pdf}]", "MF-D194 `pdf` is no type of a file."),
        ("text: t", "text: t\n    attachments: [{name: a, txet: b}]", 'MF-D194 An attachment has no key "txet".'),
        ("text: t", "text: t\n    attachments: a", "MF-D194 `attachments` is a list"),
    ],
)
def test_a_fault(old: str, new: str, wanted: str) -> None:
    """Each has its code and its place."""
    assert wanted in told_of(GOOD.replace(old, new))


def test_a_connection_of_another_type() -> None:
    """A mail needs one of the type `smtp`, and one that is there."""
    from tests.unit.nodes.mail import fake_mail
    from tests.unit.small_apps import told

    definitions = fake_mail.texts(GOOD)
    for name, wanted in (("web", "is of the type http, not smtp"), ("pots", 'no connection "pots"')):
        changed = [text.replace("connection: post", f"connection: {name}") for text in definitions]
        assert wanted in told(*changed)
