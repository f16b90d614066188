"""The web server dies in the middle of what twenty readers send."""

import os
import signal

import pytest

from .conftest import both
from .sites import Site

pytestmark = pytest.mark.faults


@both
def test_of_a_thousand_answers_none_is_lost_and_none_is_stored_twice(
    site: Site,
) -> None:
    site.start_web()
    with site.crowd(answers=50) as crowd:
        for taken in (150, 400, 700):
            crowd.wait_for(taken)
            site.kill_web()
            site.start_web()
        for taken in (800, 900):  # one of the two; the server starts another
            crowd.wait_for(taken)
            os.kill(site.workers()[0], signal.SIGKILL)
    site.check(crowd, answers=1000)
    assert len(crowd.trouble) >= 20, "nobody noticed that it was killed"
