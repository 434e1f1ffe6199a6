"""The template of the workers as the supervisor sees it: asked for workers, and heard for news of them."""

import socket
import subprocess
import sys
from contextlib import suppress
from typing import Final

import msgspec

from microflow_runtime.cli.worker_process import WorkerProcess
from microflow_runtime.cli.worker_start import FORK, TemplateNews

_NEWS_BYTES: Final = 4096


class TemplateProcess:
    """A template, and the workers that were forked from it, which may outlive it."""

    def __init__(self, listening: int) -> None:
        """Start it with a fresh interpreter; its workers inherit the listening socket of this descriptor."""
        self._listening = listening
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._is_heard = True
        self._coming: list[WorkerProcess] = []
        self._workers: list[WorkerProcess] = []
        self.has_forked = False
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", "microflow_runtime.cli.template", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(listening, theirs.fileno()),
                start_new_session=True,
            )

    @property
    def pipes(self) -> list[int]:
        """What can be read when there is news."""
        return [self._control.fileno()] if self._is_heard else [worker.process for worker in self._workers]

    @property
    def has_workers(self) -> bool:
        """Whether a worker of it lives or is coming."""
        return bool(self._workers or self._coming)

    @property
    def has_ended(self) -> bool:
        """Whether it is gone and has nothing more to tell."""
        return not self._is_heard

    def fork(self) -> WorkerProcess:
        """Ask for a worker. It can be told what to serve at once, and hears it when it is there."""
        worker = WorkerProcess(self._listening)
        self._coming.append(worker)
        with worker.their_ends() as descriptors, suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._control, [FORK], descriptors)
        return worker

    def take_news(self) -> None:
        """Hear of workers that have come and that have ended; when the template is gone, look at them."""
        while self._is_heard:
            try:
                told = self._control.recv(_NEWS_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except ConnectionResetError:
                told = b""
            if told:
                self._take(msgspec.json.decode(told, type=TemplateNews))
            else:
                self._is_heard = False
                self._process.wait()
        if not self._is_heard:
            for worker in self._coming:
                worker.never_came()
            self._coming.clear()
            for worker in self._workers:
                worker.look_alone()
        self._workers = [worker for worker in self._workers if not worker.has_ended]

    def _take(self, news: TemplateNews) -> None:
        if news.is_end:
            for worker in self._workers:
                if worker.pid == news.pid:
                    worker.came_to_end(news.code)
            return
        self.has_forked = True
        worker = self._coming.pop(0)
        worker.came(news.pid)
        self._workers.append(worker)

    def close(self) -> None:
        """End it; there is nothing that it has to finish. Its workers are told nothing."""
        self._process.kill()
        self._process.wait()
        self._control.close()
        self._is_heard = False
