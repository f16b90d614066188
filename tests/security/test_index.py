"""SECURITY.md says of each promise which test shows it. Those tests exist."""

import ast
import re

import pytest

from tests.own_database import ROOT

pytestmark = pytest.mark.pure
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = NAMED.findall((ROOT / "SECURITY.md").read_text())
    assert len(named) > 30
    for path, test in named:
        file = ROOT / path
        assert file.exists(), path
        functions = {
            node.name
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.FunctionDef)
        }
        assert not test or test in functions, f"{path} has no {test}"
