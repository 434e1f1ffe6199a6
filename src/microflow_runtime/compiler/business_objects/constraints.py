"""What a field's definition demands of a value beyond its type: bounds, lengths, a pattern, a list of allowed values."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from microflow_runtime.compiler.business_objects.misfit import Misfit, describe
from microflow_runtime.feel.patterns import PatternFault, check_pattern, matches
from microflow_runtime.model.business_object import Field

Check = Callable[[Any], None]


def build_check(field: Field) -> Check | None:
    """Join a field's constraints into one function that raises Misfit; None when the field has none.

    Lengths of a list count its items; every other constraint of a list holds for each item.
    """
    of_one = [*_number_checks(field), *_text_checks(field)]
    checks = [*_length_checks(field), *([_of_items(check) for check in of_one] if field.type.is_list else of_one)]
    if not checks:
        return None
    if len(checks) == 1:
        return checks[0]

    def check_all(value: Any) -> None:
        for check in checks:
            check(value)

    return check_all


def _of_items(check: Check) -> Check:
    def check_items(values: list[Any]) -> None:
        for index, value in enumerate(values):
            try:
                check(value)
            except Misfit as misfit:
                misfit.under(index)
                raise

    return check_items


def _number_checks(field: Field) -> list[Check]:
    checks: list[Check] = []
    if field.minimum is not None:
        low = Decimal(field.minimum)

        def at_least(value: Decimal) -> None:
            if value < low:
                raise Misfit(f"at least {low}", describe(value))

        checks.append(at_least)
    if field.maximum is not None:
        high = Decimal(field.maximum)

        def at_most(value: Decimal) -> None:
            if value > high:
                raise Misfit(f"at most {high}", describe(value))

        checks.append(at_most)
    return checks


def _length_checks(field: Field) -> list[Check]:
    low = field.min_length or 0
    high = field.max_length
    if not low and high is None:
        return []
    unit = "items" if field.type.is_list else "characters"

    def has_length(value: Any) -> None:
        if len(value) < low:
            raise Misfit(f"at least {low} {unit}", f"{len(value)}")
        if high is not None and len(value) > high:
            raise Misfit(f"at most {high} {unit}", f"{len(value)}")

    return [has_length]


def _text_checks(field: Field) -> list[Check]:
    checks: list[Check] = []
    if field.one_of:
        is_number = field.type.name in {"integer", "decimal"}
        allowed: frozenset[Any] = frozenset(map(Decimal, field.one_of) if is_number else field.one_of)
        listed = ", ".join(field.one_of)

        def is_allowed(value: Any) -> None:
            if value not in allowed:
                raise Misfit(f"one of {listed}", describe(value))

        checks.append(is_allowed)
    if field.pattern is not None:
        whole = f"^(?:{field.pattern})$"
        try:
            check_pattern(whole)
        except PatternFault as error:
            raise Misfit("a pattern of XPath", str(error)) from error

        def has_form(value: str) -> None:
            if not matches(value, whole):
                raise Misfit(f"text of the form {field.pattern}", describe(value))

        checks.append(has_form)
    return checks
