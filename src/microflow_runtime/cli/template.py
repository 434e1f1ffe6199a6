"""The template of the workers: a process that has loaded everything a worker needs, does nothing, and is forked.

Started by the supervisor only. It has one thread, no event loop, no connection and no lock, so a fork of it is as good as
a new interpreter, and is there after some milliseconds. Asked over a socket it forks a worker, giving it the pipes that
came with the request, and tells its process id; when a worker ends it tells how. The end of the socket is its own end.
"""

import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from typing import NoReturn

import msgspec
import structlog  # noqa: F401 - what is loaded on use elsewhere is loaded here, once for all workers

import microflow_runtime.telemetry.exposition  # noqa: F401 - as above
from microflow_runtime.cli import worker
from microflow_runtime.cli.alarm import Alarm
from microflow_runtime.cli.worker_start import FORK, TemplateNews


def main(control: socket.socket) -> None:
    """Fork workers until the supervisor is gone."""
    gc.collect()
    gc.freeze()  # what the collector does not touch stays one memory for all workers
    alarm = Alarm((signal.SIGCHLD,))
    while True:
        alarm.wait((control.fileno(),), None)
        for news in _ended():
            control.send(msgspec.json.encode(news))
        if not select.select([control], [], [], 0)[0]:
            continue
        request, descriptors, _, _ = socket.recv_fds(control, len(FORK), 2)
        if not request:
            return
        control.send(msgspec.json.encode(TemplateNews(_fork(control, alarm, *descriptors))))


def _ended() -> Iterator[TemplateNews]:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield TemplateNews(pid, is_end=True, code=os.waitstatus_to_exitcode(status))


def _fork(control: socket.socket, alarm: Alarm, standard_input: int, state_pipe: int) -> int:
    pid = os.fork()
    if pid == 0:
        _become_worker(control, alarm, standard_input, state_pipe)
    os.close(standard_input)
    os.close(state_pipe)
    return pid


def _become_worker(control: socket.socket, alarm: Alarm, standard_input: int, state_pipe: int) -> NoReturn:
    """Run a worker in this process, from nothing but the loaded modules, to its end."""
    code = 70
    try:
        alarm.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        os.setsid()
        os.dup2(standard_input, 0)
        os.close(standard_input)
        code = worker.run(state_pipe)
    except BaseException:  # noqa: BLE001 - the outermost edge of a process: the log tells, and nothing may come back from here
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as given:
        os.set_inheritable(given.fileno(), False)
        main(given)
