"""Turns at small pieces of work: one thread at a time, nobody forgotten."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from skdeep.engine._turns import Turns

SECONDS = 60  # a deadlock ends a test after this time


@pytest.mark.fast
def test_one_thread_at_a_time_and_all_of_them():
    """However often each comes, and whoever comes back at once."""
    turns, inside, done = Turns(), [], []

    def work(number):
        for _ in range(300):
            with turns:
                inside.append(number)
                assert inside == [number]
                inside.remove(number)
                done.append(number)

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(work, number) for number in range(8)]
        for future in running:
            future.result(SECONDS)

    assert len(done) == 8 * 300
    assert not turns._waiting


def test_an_error_inside_ends_the_turn():
    """The next one gets it, in another thread, too."""
    turns = Turns()

    with pytest.raises(ZeroDivisionError), turns:
        raise ZeroDivisionError

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: turns.__enter__() or "in").result(SECONDS) == "in"


def test_a_thread_that_does_not_come_back_is_not_waited_for():
    """It leaves the turn open; who waits finds it so."""
    turns = Turns()
    with turns:
        pass
    with turns:  # back at once: it might come again
        waiting = threading.Thread(target=lambda: turns.__enter__())
        waiting.start()
        while not turns._waiting:
            pass

    waiting.join(SECONDS)

    assert not waiting.is_alive()


@pytest.mark.parametrize("is_called", [False, True])
def test_who_gives_up_leaves_no_gap(is_called):
    """Whether it was still waiting or had just been called."""
    turns = Turns()
    turns.__enter__()
    called = threading.Lock()
    if not is_called:
        turns._waiting.append(called)

    turns._give_up(called)

    assert not turns._waiting
    assert turns._lock.locked() is not is_called


def test_a_fork_begins_anew():
    """A turn that another thread had when the process was copied is nobody's there."""
    turns = Turns()
    turns.__enter__()
    turns._process = -1  # as in a copy

    with turns:
        taken = turns._lock.locked()

    assert taken
    assert not turns._lock.locked()
