"""XPath's patterns on RE2."""

import time

import pytest

from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.patterns import check_pattern, matches, replace, split
from microflow_runtime.feel.patterns.charsets import joined, others, without


@pytest.mark.parametrize(
    ("text", "pattern", "flags", "expected"),
    [
        ("abc", "b", "", True), ("abc", "^b", "", False), ("a\nb", "^b", "", False), ("a\nb", "^b", "m", True), ("abc", "ABC", "i", True),
        ("a\nb", "a.b", "", False), ("a\rb", "a.b", "", False), ("a\nb", "a.b", "s", True), ("a.b", "a.b", "q", True), ("axb", "a.b", "q", False),
        ("helloworld", "hello world", "x", True), ("hello world", "hello[ ]world", "x", True), ("๕", r"^\d$", "", True), ("x", r"\D", "", True),
        ("สวัสดี", r"^\p{IsThai}+$", "", True), ("สวัสดี", r"\P{IsThai}", "", False), ("É", r"^\p{Lu}$", "", True), ("É", r"[\p{Ll}]", "", False),
        ("b", "^[a-z-[aeiou]]$", "", True), ("e", "^[a-z-[aeiou]]$", "", False), ("e", "^[a-z-[b-z-[e]]]$", "", True),
        ("5", r"^[\p{N}-[0-4]]$", "", True), ("3", r"^[\p{N}-[0-4]]$", "", False), ("x", "^[^a-c-[x]]$", "", False), ("y", "^[^a-c-[x]]$", "", True),
        ("_a-1", r"^\i\c*$", "", True), ("1a", r"^\i\c*$", "", False), (" ", r"\I", "", True), ("-", "^[a-]$", "", True), ("^", r"^[\^]$", "", True),
        ("a1_", r"^\w+$", "", False), ("aé1", r"^\w+$", "", True), ("a b", r"\s", "", True), ("ab", r"\S{2}", "", True), ("$", r"^[$]$", "", True),
        ("aaa", "^a{2,3}$", "", True), ("aaaa", "^a{2,3}$", "", False), ("🐎", "^.$", "", True), ("a", "(?:a|b)", "", True), ("Q", "[^q]", "i", False),
    ],
)  # fmt: skip
def test_a_pattern_means_what_xpath_says(text: str, pattern: str, flags: str, expected: bool) -> None:
    """Classes, subtraction, blocks, categories, names and flags are XPath's."""
    assert matches(text, pattern, flags) is expected


@pytest.mark.parametrize(
    ("pattern", "flags", "reason"),
    [
        (r"(a)\1", "", "refers back to a group"), ("[", "", "not closed"), ("(", "", "not closed"), (")", "", "not opened"), ("a{x}", "", "a repetition is written"),
        ("a{2000}", "", "up to 1000"), ("(?=a)", "", "`(?` is followed by"), (r"\p{Foo}", "", "no category"), (r"\p{IsFoo}", "", "no block"), (r"\q", "", "no meaning"),
        ("[z-a]", "", "to a later one"), ("[]", "", "at least one"), ("}", "", "needs a backslash"), ("\\", "", "at the end"), ("a", "p", "no flag"), ("*", "", "cannot be read"),
        ("[a-[b]c]", "", "stands last"), (r"[\d-z]", "", None),
    ],
)  # fmt: skip
def test_a_wrong_pattern_says_why(pattern: str, flags: str, reason: str | None) -> None:
    """A pattern that is none gives a sentence, not another library's error."""
    if reason is None:
        check_pattern(pattern, flags)
        return
    with pytest.raises(Failure) as caught:
        check_pattern(pattern, flags)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("abracadabra", "a(.)", "$1$1"), "bbrccddbbra"),
        (("abcd", "(ab)|(a)", "[1=$1][2=$2]"), "[1=ab][2=]cd"),
        (("a", "(a)", "$12"), "a2"),
        (("a", "a", r"\$\\"), "$\\"),
        (("a.b", ".", "$1", "q"), "a$1b"),
        (("สวัสดี", "วั", "x"), "สxสดี"),
    ],
)
def test_replacing_reads_groups(arguments: tuple[str, ...], expected: str) -> None:
    """`$n` is a group as far as there are groups, and a backslash guards `$` and itself."""
    assert replace(*arguments) == expected


@pytest.mark.parametrize("arguments", [("a", "a", "$"), ("a", "a", "\\x"), ("a", "a*", "b")])
def test_a_wrong_replacement_is_an_error(arguments: tuple[str, ...]) -> None:
    """A lone `$`, an unknown escape and a pattern that fits nothing are errors."""
    with pytest.raises(Failure):
        replace(*arguments)


def test_splitting() -> None:
    """Each fit is cut out; a delimiter that fits nothing cuts nowhere."""
    assert split("a;b;;", ";") == ["a", "b", "", ""]
    assert split("a1b22c", r"\d+") == ["a", "b", "c"]
    assert split("", ";") == [""]
    with pytest.raises(Failure):
        split("abc", "x*")


def test_no_pattern_takes_long() -> None:
    """What makes a backtracking matcher run for years takes no time."""
    began = time.monotonic()
    assert not matches("a" * 50_000, "(a*)*b")
    assert not matches("a" * 50_000, "^(a|aa)+$b")
    assert time.monotonic() - began < 1.0


def test_sets_of_characters() -> None:
    """Sets join, turn round and subtract."""
    assert joined(((1, 3),), ((4, 6), (9, 9))) == ((1, 6), (9, 9))
    assert others(((0, 5),)) == ((6, 0x10FFFF),)
    assert without(((1, 9),), ((3, 4),)) == ((1, 2), (5, 9))
