"""Networks are trained in processes that end and give TensorFlow's memory back."""

import os

from triptych.execution.parallel import run_networks


def test_a_single_network_has_a_process_of_its_own_unless_one_job_is_asked_for() -> None:
    here = os.getpid()
    assert list(run_networks([os.getpid], 2)) != [here]
    assert list(run_networks([os.getpid], 1)) == [here]
