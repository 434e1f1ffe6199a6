"""The parent of it all: keeps N workers running, replaces them one after the other, and lets them end gently.

It has the workers forked from a template, so that one that ended is replaced after some milliseconds and not after an
interpreter has loaded everything anew. It waits for signals and for what its pipes tell, and looks after what is due.
Why: docs/decisions/0040-rolling-restart.md.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import typer

from microflow_runtime.cli.alarm import Alarm
from microflow_runtime.cli.attempts import Attempts
from microflow_runtime.cli.rolling_restart import RollingRestart
from microflow_runtime.cli.server_record import ServerRecord, ServerState
from microflow_runtime.cli.template_process import TemplateProcess
from microflow_runtime.cli.worker_process import WorkerProcess
from microflow_runtime.errors import StoreError
from microflow_runtime.settings import Settings

RESTART_SIGNAL: Final = signal.SIGUSR2
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_KILL_SECONDS: Final = 5.0
_TEMPLATE_SECONDS: Final = 1.0
_BUG: Final = 70
_STORE: Final = 3


def _log() -> Any:
    from microflow_runtime.telemetry import get_log

    return get_log("supervisor")


class Supervisor:
    """Keeps the workers running. `when_serving` is called once, when all of them take connections for the first time."""

    def __init__(
        self, settings: Settings, listening: int, record: ServerRecord, *, when_serving: Callable[[], None]
    ) -> None:
        """Start the template, which loads what serving needs."""
        self._settings = settings
        self._listening = listening
        self._record = record
        self._when_serving: Callable[[], None] | None = when_serving
        self._template = TemplateProcess(listening)
        self._template_due = 0.0
        self._old_templates: list[TemplateProcess] = []
        self._serving: dict[int, WorkerProcess] = {}
        self._leaving: list[WorkerProcess] = []
        self._due: dict[int, float] = {}
        self._attempts = Attempts(settings.workers)
        self._restart: RollingRestart | None = None
        self._restart_wanted = False
        self._code: int | None = None
        self._state = ServerState(pid=os.getpid())

    def dismiss(self) -> None:
        """End without having served."""
        self._template.close()

    def start(self, port: int) -> None:
        """Take over the signals and let all workers serve."""
        self._alarm = Alarm((*_STOP_SIGNALS, RESTART_SIGNAL))
        self._state = msgspec.structs.replace(self._state, port=port)
        self._due = dict.fromkeys(range(self._settings.workers), 0.0)

    def watch(self) -> int:
        """Look after the workers until told to stop, or until there is no hope; give the exit code."""
        while True:
            self._look()
            if self._code is not None and not self._leaving:
                for template in self._templates():
                    template.close()
                return self._code
            for number in self._alarm.wait(self._pipes(), self._seconds_to_wait()):
                self._take_signal(number)

    def _look(self) -> None:
        """See what has changed, and do what is due."""
        for template in self._templates():
            template.take_news()
        for worker in self._workers():
            worker.read_state()
        self._notice_ends()
        self._kill_late()
        if self._code is None:
            self._keep_template()
            self._start_due()
            self._go_on_restarting()
            if self._when_serving is not None and self._is_complete:
                self._when_serving()
                self._when_serving = None
        self._tell()

    def _templates(self) -> list[TemplateProcess]:
        new = [self._restart.template] if self._restart is not None else []
        return list(dict.fromkeys([self._template, *self._old_templates, *new]))

    def _workers(self) -> Iterator[WorkerProcess]:
        yield from list(self._serving.values())
        yield from list(self._leaving)
        if self._restart is not None and self._restart.successor is not None:
            yield self._restart.successor

    @property
    def _is_complete(self) -> bool:
        return sum(worker.is_ready for worker in self._serving.values()) == self._settings.workers

    def _pipes(self) -> list[int]:
        found = [worker.state_pipe for worker in self._workers() if worker.is_telling]
        for template in self._templates():
            found += template.pipes
        return found

    def _seconds_to_wait(self) -> float | None:
        """Give how long nothing is due; None when only a signal or a pipe can bring news."""
        moments = [worker.give_up_at for worker in self._workers()]
        if self._code is None:
            moments += self._due.values()
            if self._template.has_ended:
                moments.append(self._template_due)
        nearest = min(moments, default=float("inf"))
        return None if nearest == float("inf") else max(0.0, nearest - time.monotonic())

    # Workers that end

    def _notice_ends(self) -> None:
        self._leaving = [worker for worker in self._leaving if not worker.has_ended]
        for number, worker in list(self._serving.items()):
            if worker.has_ended:
                del self._serving[number]
                self._replace_ended(worker)

    def _replace_ended(self, worker: WorkerProcess) -> None:
        """Have another one started in its place, or give up when none of them ever comes to serve."""
        served_seconds = 0.0 if worker.ready_at is None else time.monotonic() - worker.ready_at
        pause = self._attempts.note_end(worker.number, served_seconds)
        failed = self._attempts.failed(worker.number)
        how = worker.how_it_ended
        if failed > 1:
            _log().error("worker ends as soon as it starts", worker=worker.number, how=how, times=failed, pause=pause)
        else:
            _log().warning("worker ended", worker=worker.number, how=how)
        self._due[worker.number] = time.monotonic() + pause
        hopeless = self._attempts.are_hopeless(has_served=self._when_serving is None)
        if hopeless and not any(other.is_ready for other in self._serving.values()):
            typer.echo(f"microflow: workers end as soon as they start ({how}); see the log above", err=True)
            is_store = worker.state is not None and worker.state.code == StoreError.code
            self._end(_STORE if is_store else _BUG)

    def _kill_late(self) -> None:
        now = time.monotonic()
        for worker in self._workers():
            if now >= worker.give_up_at:
                _log().error("worker did not do in time what it was told", worker=worker.number)
                worker.give_up_at = float("inf")
                worker.kill()

    # Workers that start

    def _keep_template(self) -> None:
        """Have a template; let old ones go whose last worker has ended."""
        for template in [template for template in self._old_templates if not template.has_workers]:
            template.close()
            self._old_templates.remove(template)
        if not self._template.has_ended:
            self._template_due = 0.0
        elif self._template_due == 0.0:
            _log().error("template of the workers ended", was_good=self._template.has_forked)
            self._template_due = time.monotonic() + (0.0 if self._template.has_forked else _TEMPLATE_SECONDS)
        elif time.monotonic() >= self._template_due:
            self._change_template(TemplateProcess(self._listening))

    def _change_template(self, template: TemplateProcess) -> None:
        self._old_templates.append(self._template)
        self._template = template
        self._template_due = 0.0

    def _start_due(self) -> None:
        if self._template.has_ended:
            return
        now = time.monotonic()
        coming = self._restart.number if self._restart is not None and self._restart.successor is not None else -1
        for number, due in list(self._due.items()):
            if due <= now and number != coming:
                del self._due[number]
                worker = self._serving[number] = self._template.fork()
                worker.begin(number, self._settings)

    # Rolling restart

    def _go_on_restarting(self) -> None:
        restart = self._restart
        if restart is None:
            if self._restart_wanted and not self._leaving:
                self._begin_restart()
        elif restart.successor is None:
            if restart.is_done:
                self._end_restart("")
            elif not self._leaving:
                restart.begin_next(self._settings)
        elif restart.successor.is_ready:
            self._replace_good(restart)
        elif restart.successor.has_ended:
            self._end_restart(restart.describe_failure())

    def _begin_restart(self) -> None:
        _log().info("rolling restart begins", workers=self._settings.workers)
        self._restart_wanted = False
        self._state = msgspec.structs.replace(self._state, restarts_begun=self._state.restarts_begun + 1)
        self._restart = RollingRestart(range(self._settings.workers), TemplateProcess(self._listening))
        self._restart.begin_next(self._settings)

    def _replace_good(self, restart: RollingRestart) -> None:
        """Let the successor, which takes connections, be the worker of its number, and the old one go."""
        if self._template is not restart.template:
            self._change_template(restart.template)
        old = self._serving.get(restart.number)
        self._serving[restart.number] = restart.take_over()
        self._due.pop(restart.number, None)
        if old is not None:
            old.retire(self._settings.drain_seconds + _KILL_SECONDS)
            self._leaving.append(old)

    def _end_restart(self, failure: str) -> None:
        """End it; what has been replaced stays so, and a worker whose successor failed goes on."""
        if failure:
            _log().error("rolling restart failed", reason=failure)
        else:
            _log().info("rolling restart done", workers=self._settings.workers)
        if self._restart is not None and self._restart.template is not self._template:
            self._restart.template.close()
        self._restart = None
        ended = self._state.restarts_ended + 1
        self._state = msgspec.structs.replace(self._state, restarts_ended=ended, restart_failure=failure)

    # Ending

    def _take_signal(self, number: int) -> None:
        if number == RESTART_SIGNAL:
            self._restart_wanted = True
        elif number in _STOP_SIGNALS and self._code is None:
            self._end(0)
        elif number in _STOP_SIGNALS:
            self._code = 128 + number
            for worker in self._leaving:
                worker.kill()

    def _end(self, code: int) -> None:
        """Let running calls finish; `_kill_late` ends what is left."""
        self._code = code
        self._leaving = list(self._workers())
        self._serving.clear()
        if self._restart is not None and self._restart.template is not self._template:
            self._old_templates.append(self._restart.template)
        self._restart = None
        for worker in self._leaving:
            worker.stop(self._settings.drain_seconds + _KILL_SECONDS)

    def _tell(self) -> None:
        """Keep the record of what is told beside the server."""
        workers = {number: worker.pid for number, worker in self._serving.items() if worker.is_ready}
        self._state = msgspec.structs.replace(self._state, workers=workers)
        try:
            self._record.tell(self._state)
        except OSError as error:
            _log().warning("record of the server not written", reason=error.strerror)
