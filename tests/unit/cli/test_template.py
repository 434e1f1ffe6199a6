"""What the template loads may be forked."""

import subprocess
import sys


def test_loading_what_serves_starts_no_thread_and_opens_nothing() -> None:
    """A fork of the template is as good as a new interpreter only while it has one thread and no connection or loop."""
    code = (
        "import os, threading\n"
        "before = set(os.listdir('/proc/self/fd'))\n"
        "import microflow_runtime.cli.template\n"
        "after = set(os.listdir('/proc/self/fd'))\n"
        "print(threading.active_count(), len(os.listdir('/proc/self/task')), len(after) - len(before))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "1", "0"]
