"""A reader's own program reads whole stacks and pairs, as blind as the screen does."""

from typing import Any

import pytest
from django.test import Client as Browser
from readerstudy_client.reading import Reading, Stacks

from readerstudy.reading.models import Read, Score
from tests.factory import STACK, make_stack_cohort, make_study


class Site:
    """What the client's transport does, without a socket between."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def get(self, path: str) -> Any:
        return self.browser.get(f"/api/v1/{path}").json()

    def send(self, method: str, path: str, body: Any, *, keyed: bool = True) -> Any:
        said = self.browser.post(
            f"/api/v1/{path}", body, content_type="application/json"
        )
        assert said.status_code == 200, said.content
        return said.json()

    def request(self, method: str, path: str, *, accept: str) -> bytes:
        return self.browser.get(f"/api/v1/{path}", headers={"accept": accept}).content


@pytest.mark.parametrize("asked", ["forced-choice", "image-quality"])
def test_a_program_reads_a_study_of_stacks_to_its_end(cast, client, asked):
    cohort = make_stack_cohort(cases_wanted=2, coordinators=[cast.coordinator])
    study = make_study(
        cohort,
        coordinator=cast.coordinator,
        readers=[cast.reader],
        slug="stacks",
        methods=("reference", "short"),
        repeated="",
        question_set=asked,
    )
    client.force_login(cast.reader)
    reading = Reading("stacks", Site(client))
    questions = reading.asked().questions
    seen = []

    def judge(shown: Stacks) -> dict[str, Any]:
        seen.append(shown)
        return {
            one.key: {"image": one.answers[0].value}
            for one in questions
            if one.kind != "text"
        }

    assert reading.read_all(judge).state == "finished"
    assert Read.objects.filter(reader__study=study, submitted_at=None).count() == 0
    assert Score.objects.filter(answer__read__reader__study=study).exists()
    stage = seen[0].stage
    assert (stage.slices, stage.rows, stage.columns) == STACK
    assert stage.images == (2 if asked == "forced-choice" else 1)
    middle = seen[0].levels(3, image=stage.images - 1)
    assert len(middle) == STACK[1] * STACK[2]
    # brain in the middle of a head, air at its corner
    assert seen[0].value(middle[0]) == pytest.approx(-1000, abs=60)
    assert seen[0].value(middle[60 * STACK[2] + 40]) == pytest.approx(30, abs=60)
