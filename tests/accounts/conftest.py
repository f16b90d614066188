import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def forgotten_codes() -> None:
    """Which codes were used is kept beside the database, and people's keys return."""
    cache.clear()
