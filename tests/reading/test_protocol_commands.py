"""A protocol's file on the command line."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from readerstudy.audit.models import AuditEvent
from readerstudy.reading.models import Study
from readerstudy.reading.protocol.plain_yaml import yaml_write

SMALL = {
    "format": 1,
    "slug": "small",
    "title": "小さな試験",
    "cohort": {"name": "Phantoms"},
    "people": {"coordinators": ["coordinator"]},
}


def run(command: str, *arguments: object) -> str:
    out = io.StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "protocol.yaml"
    path.write_text(yaml_write(SMALL), encoding="utf-8")
    return path


def test_a_file_becomes_a_draft_and_what_it_still_lacks_is_said(cast, file):
    said = run("load_protocol", file)
    study = Study.objects.get(slug="small")
    assert (study.title, study.state) == ("小さな試験", "draft")
    assert "Made the draft “small”, as coordinator." in said
    assert "- There is no reader." in said
    assert AuditEvent.objects.get(study="small", action="study.create").actor_name == (
        "coordinator"
    )


def test_what_is_exported_is_loaded_again_and_exported_as_the_same(cast, file):
    run("load_protocol", file)
    first = file.with_name("first.yaml")
    run("export_protocol", "small", first)
    said = run("load_protocol", first, "--by", "coordinator")
    assert "Wrote anew the draft “small”" in said
    assert run("export_protocol", "small") == first.read_text(encoding="utf-8")


def test_an_open_study_is_exported_with_and_without_its_people(cast):
    slug = cast.study.slug
    assert "- second-reader" in run("export_protocol", slug)
    assert "people" not in run("export_protocol", slug, "--without-people")


def test_the_first_coordinator_of_the_file_makes_the_draft(cast, file):
    names = {"people": {"coordinators": ["nobody", "coordinator"]}}
    file.write_text(yaml_write({**SMALL, **names}))
    with pytest.raises(CommandError, match="Say in whose name"):
        run("load_protocol", file)
    with pytest.raises(CommandError, match="There is no account named nobody"):
        run("load_protocol", file, "--by", "nobody")
    with pytest.raises(CommandError, match=r"people\.coordinators\[0\]: There is no"):
        run("load_protocol", file, "--by", "coordinator")
    assert not Study.objects.filter(slug="small").exists()


def test_every_problem_of_a_file_is_told_in_words(cast, file):
    file.write_text(yaml_write({**SMALL, "format": 7, "sesions": 1}))
    with pytest.raises(CommandError) as refused:
        run("load_protocol", file)
    assert str(refused.value).splitlines() == [
        "format: This program reads format 1.",
        "sesions: There is no such field; “sessions” is one.",
    ]


def test_files_that_are_not_there_are_named(cast, tmp_path):
    with pytest.raises(CommandError, match=r"none\.yaml cannot be read"):
        run("load_protocol", tmp_path / "none.yaml")
    with pytest.raises(CommandError, match="cannot be written"):
        run("export_protocol", cast.study.slug, tmp_path)
    with pytest.raises(CommandError, match="There is no study “none”"):
        run("export_protocol", "none")
