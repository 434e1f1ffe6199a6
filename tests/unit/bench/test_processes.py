"""What /proc tells about a group of processes."""

import os
import subprocess
import sys
import time

from bench import processes


def test_family_counts_children_and_their_work() -> None:
    """A child belongs to its parent's family, and its CPU time and memory count."""
    script = "import sys\nprint('up', flush=True)\nsys.stdin.read(1)\nfor _ in range(3_000_000): pass\nprint('done', flush=True)\nsys.stdin.read(1)"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stdout
        child.stdout.readline()
        assert child.pid in processes.family(os.getpid())
        before = processes.cpu_seconds([child.pid])
        child.stdin.write(b"x")
        child.stdin.flush()
        child.stdout.readline()
        time.sleep(0.02)
        assert processes.cpu_seconds([child.pid]) > before
        memory = processes.memory([child.pid])
        assert 1 < memory.pss <= memory.rss
        child.stdin.close()
