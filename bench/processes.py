"""What the kernel tells about a process and its children: CPU time and memory, read from /proc."""

import os
from pathlib import Path

import msgspec

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_MIB = 1024 * 1024


class Memory(msgspec.Struct, frozen=True):
    """Memory of a group of processes in MiB: `rss` of the largest one, `pss` of all together."""

    rss: float
    pss: float


def family(pid: int) -> list[int]:
    """Give a process and all its descendants that live now."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in children.read_text().split())
            except (FileNotFoundError, ProcessLookupError):  # ended while we looked
                continue
    return found


def cpu_seconds(pids: list[int]) -> float:
    """Give the CPU time that the processes have used so far, in user and in system mode."""
    return sum(_ticks(pid) for pid in pids) / _TICKS_PER_SECOND


def memory(pids: list[int]) -> Memory:
    """Give the memory that the processes hold now."""
    rss, pss = 0, 0
    for pid in pids:
        figures = dict(
            line.split()[:2] for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if " kB" in line
        )
        rss = max(rss, int(figures["Rss:"]))
        pss += int(figures["Pss:"])
    return Memory(rss * 1024 / _MIB, pss * 1024 / _MIB)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])  # utime and stime, counted behind the name, which may hold blanks
