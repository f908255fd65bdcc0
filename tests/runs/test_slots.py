import subprocess
import sys
import threading
import time

import pytest

from reelbook.runs.slots import hold_slot


@pytest.mark.parametrize("places", [1, 2])
def test_no_more_than_the_places_at_once_and_all_get_their_turn(tmp_path, places):
    inside, most, done = set(), [0], []

    def work(number):
        with hold_slot(tmp_path / "turns", places):
            inside.add(number)
            most[0] = max(most[0], len(inside))
            time.sleep(0.05)
            inside.remove(number)
        done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(done) == list(range(6))
    assert most[0] == places


def test_a_place_is_free_after_an_error(tmp_path):
    with pytest.raises(ValueError, match="diverged"), hold_slot(tmp_path, 1):
        raise ValueError("diverged")
    with hold_slot(tmp_path, 1):
        pass


def test_a_killed_process_gives_its_place_back(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from reelbook.runs.slots import hold_slot\n"
        "with hold_slot(Path(sys.argv[1]), 1): print('inside', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "inside\n"
        process.kill()
        process.wait()
    with hold_slot(tmp_path, 1):
        pass
