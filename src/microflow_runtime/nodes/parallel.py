"""`parallel`: walks branches side by side and goes on when all have come to their ends.

The branches share the variables of the flow: no two may write the same one, and none may read what another writes. When
one fails, the others are stopped and its error is that of the node. The vendor's microflows have no such gateway.
"""

from collections.abc import Callable
from typing import ClassVar

import msgspec

from microflow_runtime.compiler.node_context import Body, NodeContext
from microflow_runtime.compiler.plan import Action, Frame
from microflow_runtime.engine.run import Run
from microflow_runtime.engine.surroundings import computing
from microflow_runtime.engine.turns import run_branches


class ParallelSettings(msgspec.Struct, frozen=True):
    """A parallel node is all in its branches."""


class ParallelNode:
    """Walks the branches."""

    name: ClassVar[str] = "parallel"
    settings: ClassVar[type[msgspec.Struct]] = ParallelSettings
    exits: ClassVar[str] = "next"
    waits: ClassVar[bool] = True
    inside: ClassVar[str] = "branches"

    def prepare(self, context: NodeContext) -> Callable[[], Action]:
        """Check the branches and that they keep out of each other's way."""
        if context.node.inputs:
            context.fault("MF-D070", "A parallel node takes no `in`.", "in", at_key=True)
        bodies = {name: context.check_body(name, {}) for name in context.node.bodies}
        _check_apart(context, bodies)
        for body in bodies.values():
            context.reads.update(body.reads())
        outputs = context.outputs({})

        def build() -> Action:
            blocks = {name: body.build() for name, body in bodies.items()}
            assign = context.bind_outputs(outputs, {})

            async def run(frame: Frame, run: Run) -> int:
                await run_branches(run, blocks, frame)
                if assign is not None:
                    with computing(run):
                        assign(frame)
                return 0

            return Action(run, waits=True, keeps_deadline=True, writes=True)

        return build


def _check_apart(context: NodeContext, bodies: dict[str, Body]) -> None:
    """Report a variable that two branches write, or that one writes and another reads: who is first would be luck."""
    writers: dict[str, str] = {}
    told: set[tuple[str, str]] = set()
    for branch, body in bodies.items():
        for name, path in body.writes():
            first = writers.setdefault(name, branch)
            if first != branch and (name, branch) not in told:
                told.add((name, branch))
                message = f'"{name}" is written by the branch "{branch}" and by "{first}".'
                context.faults.add(
                    "MF-D104", message, path, at_key=True, help="let each branch write its own variables"
                )
    for branch, body in bodies.items():
        for name in sorted(body.reads()):
            writer = writers.get(name, branch)
            if writer != branch and (name, branch) not in told:
                context.fault(
                    "MF-D104",
                    f'"{name}" is read by the branch "{branch}" and written by "{writer}".',
                    "branches",
                    branch,
                    at_key=True,
                    help="read it after the branches have ended",
                )
