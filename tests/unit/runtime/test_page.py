"""The shared page: words that all processes of a home see at once."""

import multiprocessing
import stat
from pathlib import Path

from microflow_runtime.runtime import SharedPage, page_path


def test_two_views_see_the_same_words(tmp_path: Path) -> None:
    """What one writes the other reads, without asking anybody."""
    path = page_path(tmp_path)
    one, other = SharedPage(path), SharedPage(path)
    assert (other.epoch, other.deadline, other.revocation) == (0, 0, 0)
    one.epoch = 2**40 + 7
    other.bump_revocation()
    assert (other.epoch, one.revocation) == (2**40 + 7, 1)
    one.close()
    assert other.epoch == 2**40 + 7
    other.close()


def test_the_words_outlive_their_processes(tmp_path: Path) -> None:
    """A page opened again holds what was written before."""
    page = SharedPage(page_path(tmp_path))
    page.epoch = 5
    page.close()
    again = SharedPage.find(page_path(tmp_path))
    assert again is not None
    assert again.epoch == 5
    again.close()


def test_a_home_without_server_has_no_page(tmp_path: Path) -> None:
    """Looking for a page makes none."""
    assert SharedPage.find(page_path(tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_the_owner_s_alone(tmp_path: Path) -> None:
    """Folder and file can be read by nobody else."""
    SharedPage(page_path(tmp_path)).close()
    path = page_path(tmp_path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == 4096


def _bump(path: Path, times: int) -> None:
    page = SharedPage(path)
    for _ in range(times):
        page.bump_revocation()
    page.close()


def test_no_bump_is_lost_between_processes(tmp_path: Path) -> None:
    """Bumps of several processes at once all count."""
    path = page_path(tmp_path)
    page = SharedPage(path)
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_bump, args=(path, 200)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert page.revocation == 600
    page.close()
