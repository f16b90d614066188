"""Addresses of studies (coordinators) and of reading (readers)."""

from django.urls import path

from .views import (
    atlas,
    changes,
    conditions,
    conduct,
    guesses,
    preferences,
    protocol,
    room,
    start,
    studies,
    training,
)

app_name = "reading"
urlpatterns = [
    path("", start.start, name="start"),
    path("studies/", studies.study_list, name="study-list"),
    path("studies/new/", studies.study_create, name="study-create"),
    path("studies/new/protocol/", protocol.protocol_upload, name="protocol-upload"),
    path("studies/<slug:slug>/", studies.study_detail, name="study-detail"),
    path("studies/<slug:slug>/edit/", studies.study_edit, name="study-edit"),
    path(
        "studies/<slug:slug>/protocol.yaml",
        protocol.protocol_download,
        name="protocol-download",
    ),
    path("studies/<slug:slug>/amend/", protocol.study_amend, name="study-amend"),
    path("studies/<slug:slug>/open/", studies.study_open, name="study-open"),
    path("studies/<slug:slug>/close/", studies.study_close, name="study-close"),
    path(
        "studies/<slug:slug>/unblind/",
        studies.unblinding_approve,
        name="unblinding-approve",
    ),
    path(
        "studies/<slug:slug>/unblind/back/",
        studies.unblinding_withdraw,
        name="unblinding-withdraw",
    ),
    path(
        "studies/<slug:slug>/progress/", studies.study_progress, name="study-progress"
    ),
    path("studies/<slug:slug>/conduct/", conduct.study_conduct, name="study-conduct"),
    path(
        "studies/<slug:slug>/conduct/appoint/",
        conduct.member_appoint,
        name="member-appoint",
    ),
    path(
        "studies/<slug:slug>/conduct/reopen/", conduct.read_reopen, name="read-reopen"
    ),
    path(
        "studies/<slug:slug>/conduct/waive/",
        conduct.washout_waive,
        name="washout-waive",
    ),
    path(
        "studies/<slug:slug>/conduct/break-code/", conduct.code_break, name="code-break"
    ),
    path("studies/<slug:slug>/log/", conduct.study_log, name="study-log"),
    path("read/", room.reader_home, name="reader-home"),
    path("preferences/", preferences.preferences_save, name="preferences"),
    path("read/<slug:slug>/training/", training.training_next, name="training-next"),
    path(
        "read/<slug:slug>/training/start/",
        training.training_start,
        name="training-start",
    ),
    path(
        "read/<slug:slug>/training/submit/",
        training.training_submit,
        name="training-submit",
    ),
    path(
        "read/<slug:slug>/training/pixels/<slug:token>/",
        training.training_pixels,
        name="training-pixels",
    ),
    path(
        "read/<slug:slug>/training/result/",
        training.training_result,
        name="training-result",
    ),
    path("read/<slug:slug>/", room.read_next, name="read-next"),
    path("read/<slug:slug>/submit/", room.read_submit, name="read-submit"),
    path("read/<slug:slug>/pause/", room.reading_pause, name="reading-pause"),
    path("read/<slug:slug>/finish/", room.session_finish, name="session-finish"),
    path("read/<slug:slug>/changes/", changes.read_changes, name="read-changes"),
    path("read/<slug:slug>/revisit/", changes.read_revisit, name="read-revisit"),
    path("read/<slug:slug>/undo/", changes.read_undo, name="read-undo"),
    path("read/<slug:slug>/pixels/<slug:token>/", room.read_pixels, name="read-pixels"),
    path("read/<slug:slug>/conditions/", conditions.conditions, name="conditions"),
    path(
        "read/<slug:slug>/conditions/pattern/",
        conditions.test_pattern,
        name="test-pattern",
    ),
    path("read/<slug:slug>/guess/", guesses.guess_next, name="guess-next"),
    path("read/<slug:slug>/guess/submit/", guesses.guess_submit, name="guess-submit"),
    path(
        "read/<slug:slug>/guess/pixels/<slug:token>/",
        guesses.guess_pixels,
        name="guess-pixels",
    ),
    path("read/<slug:slug>/atlas/", atlas.atlas_show, name="atlas-show"),
    path(
        "read/<slug:slug>/atlas/pixels/", atlas.atlas_pixels_show, name="atlas-pixels"
    ),
    path("lut/<slug:lut>/", room.lut_show, name="lut-show"),
]
