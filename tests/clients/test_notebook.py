"""The notebook runs from its first cell to its last against a site that is up."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from readerstudy.reading.models import Study
from tests.api.programs import token_of
from tests.cast import make_user
from tests.factory import make_cohort

from .conftest import SOURCE

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "study.ipynb"


@pytest.fixture
def people(db: None) -> dict[str, str]:
    """What the notebook takes from its environment."""
    coordinator = make_user("a-coordinator", coordinator=True)
    statistician = make_user("a-statistician")
    readers = [make_user("reader-one"), make_user("reader-two")]
    cohort = make_cohort("DaT-SPECT", coordinators=[coordinator])
    studies = ("studies:read", "studies:write", "reports:read")
    return {
        "READERSTUDY_COORDINATOR": token_of(coordinator, "cohorts:read", *studies),
        "READERSTUDY_STATISTICIAN": token_of(statistician, *studies),
        "READERSTUDY_READERS": ",".join(
            token_of(reader, "reads:write") for reader in readers
        ),
        "READERSTUDY_PEOPLE": "reader-one,reader-two,a-statistician",
        "READERSTUDY_COHORT": cohort.name,
    }


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_notebook_makes_a_study_watches_it_and_loads_its_results(
    live_server: object, people: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        **people,
        "READERSTUDY_SITE": str(live_server),
        "PYTHONPATH": str(SOURCE),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    patience = {"timeout": 300, "startup_timeout": 300}
    NotebookClient(notebook, kernel_name="python3", **patience).execute()
    study = Study.objects.get(slug="from-a-notebook")
    assert study.state == Study.State.UNBLINDED
    said = "\n".join(str(cell.get("outputs", "")) for cell in notebook.cells)
    assert "kappa" in said
    assert "data_dictionary.csv" in said
    for secret in people["READERSTUDY_READERS"].split(","):
        assert secret not in said


@pytest.mark.pure
def test_the_notebook_is_kept_without_outputs() -> None:
    """What a run has printed belongs to that run."""
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
