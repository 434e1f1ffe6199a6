"""Asks databases about the statements of flows, without running them."""

from microflow_runtime.compiler.statements import StatementAnswer, Statements, WantedStatement
from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.data_sources import DataSources


async def ask_databases(statements: Statements, sources: DataSources) -> None:
    """Fill in the answers to all that is wanted. A database that cannot be reached is the answer, too."""
    for key, wanted in statements.wanted.items():
        statements.answers[key] = await _ask(wanted, sources)


async def _ask(wanted: WantedStatement, sources: DataSources) -> StatementAnswer:
    try:
        async with sources.open_transaction(wanted.app, wanted.source) as transaction:
            return StatementAnswer(await transaction.describe(wanted.text, wanted.kinds))
    except NodeError as error:
        return StatementAnswer(refusal=error.message)
