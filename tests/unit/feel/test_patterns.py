"""XPath's patterns on RE2."""

import math
import time
from collections.abc import Callable

import pytest

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure, LimitFailure
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
        ("aa", r"^(a)\1$", "", True), ("ab", r"^(.)\1$", "", False), ("aA", r"^(a)\1$", "", False), ("aA", r"^(a)\1$", "i", True), ("ก🐎ก🐎", r"^(\p{IsThai}.)\1$", "", True),
        ("bc", r"^(?:(a)|b)\1c$", "", True), ("aa0", r"^(a)\10$", "", True), ("abcdefghijj", r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10", "", True),
        ("x\ny", r"^(x)$", "m", True), ("x\nx\n", r"^(x)$\n^\1$", "m", True), ("aa\n", r"^(a)\1$", "", False), ("a.a", r"^(a).\1$", "q", False), ("cc", r"^([a-z-[b]])\1$", "", True),
        ("hello world", r"hello\ sworld", "x", True), ("a[b", r"a\ [b", "x", True), ("x", r"\p{ I s BasicLatin }", "x", True),
        ("aa", r"(a) \ 1", "x", True), ("a\\b", "a\\ \\ b", "x", True),
        ("aaa", "^a{2,3}$", "", True), ("aaaa", "^a{2,3}$", "", False), ("🐎", "^.$", "", True), ("a", "(?:a|b)", "", True), ("Q", "[^q]", "i", False),
    ],
)  # fmt: skip
def test_a_pattern_means_what_xpath_says(text: str, pattern: str, flags: str, expected: bool) -> None:
    """Classes, subtraction, blocks, categories, names and flags are XPath's."""
    assert matches(text, pattern, flags) is expected


@pytest.mark.parametrize(
    ("pattern", "flags", "reason"),
    [
        (r"(a\1)", "", "does not end before it"), (r"(a)\2", "", "does not end before it"), (r"\1(a)", "", "does not end before it"), (r"\0", "", "does not end"),
        (r"(a)[\1]", "", "cannot stand in square brackets"), (r"(a)\1**", "", "cannot be read"), (r"(((a{1000}){1000}){1000})\1", "", "cannot be read"), ("[", "", "not closed"), ("(", "", "not closed"), (")", "", "not opened"), ("a{x}", "", "a repetition is written"),
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
        (("hello book", r"(.)\1", "[$1]"), "he[l]o b[o]k"),
        (("กกa🐎🐎", r"(\P{L}|\p{L})\1", "$0$1-"), "กกก-a🐎🐎🐎-"),
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
    assert split("a--b==c-d", "([-=])\\1") == ["a", "b", "c-d"]
    with pytest.raises(Failure):
        split("abc", "x*")


def test_no_pattern_takes_long() -> None:
    """What makes a backtracking matcher run for years takes no time."""
    began = time.monotonic()
    assert not matches("a" * 50_000, "(a*)*b")
    assert not matches("a" * 50_000, "^(a|aa)+$b")
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    "search", [lambda: matches("a" * 60, r"((a|aa)+)\1b"), lambda: replace("a" * 60, r"((a|aa)+)\1b", "x"), lambda: split("a" * 60, r"((a|aa)+)\1b")]
)  # fmt: skip
def test_a_pattern_that_refers_back_has_a_time_limit(search: Callable[[], object]) -> None:
    """It ends soon with a sentence; sooner still where the deadline is nearer."""
    began = time.monotonic()
    with pytest.raises(LimitFailure, match=r"longer than 0\.1 s; write it so"):
        search()
    limits.set_deadline(time.monotonic() + 0.02)
    try:
        with pytest.raises(LimitFailure) as caught:
            search()
    finally:
        limits.set_deadline(math.inf)
    assert caught.value.is_deadline
    assert time.monotonic() - began < 1.0


def test_a_pattern_that_refers_back_is_quick_where_it_can_be() -> None:
    """Long texts and repeats take no more than they need."""
    assert matches("ab" * 50_000 + "cc", r"(c)\1")
    assert len(replace("xx-" * 20_000, r"(x)\1", "y")) == 40_000


def test_sets_of_characters() -> None:
    """Sets join, turn round and subtract."""
    assert joined(((1, 3),), ((4, 6), (9, 9))) == ((1, 6), (9, 9))
    assert others(((0, 5),)) == ((6, 0x10FFFF),)
    assert without(((1, 9),), ((3, 4),)) == ((1, 2), (5, 9))
