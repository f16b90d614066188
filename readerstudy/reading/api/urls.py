"""Addresses under /api/v1/: studies, for who runs or analyses them, and reading."""

from django.urls import path

from . import asking, changes, conduct, progress, room, studies, training

STUDY = "studies/<slug:slug>"
READING = "reading/<slug:slug>"

app_name = "reading-api"
urlpatterns = [
    path("studies/", studies.StudyList.as_view(), name="study-list"),
    path(f"{STUDY}/", studies.StudyDetail.as_view(), name="study-detail"),
    path(f"{STUDY}/protocol/", studies.Protocol.as_view(), name="protocol"),
    path(f"{STUDY}/preflight/", studies.Preflight.as_view(), name="preflight"),
    path(f"{STUDY}/open/", studies.Opening.as_view(), name="study-open"),
    path(f"{STUDY}/close/", studies.Closing.as_view(), name="study-close"),
    path(f"{STUDY}/unblinding/", studies.Unblinding.as_view(), name="unblinding"),
    path(f"{STUDY}/amendments/", conduct.Amendments.as_view(), name="amendments"),
    path(
        f"{STUDY}/amendments/preview/",
        conduct.AmendmentPreview.as_view(),
        name="amendment-preview",
    ),
    path(f"{STUDY}/members/", conduct.Members.as_view(), name="members"),
    path(f"{STUDY}/progress/", progress.StudyProgress.as_view(), name="progress"),
    path(f"{STUDY}/conduct/", progress.Conduct.as_view(), name="conduct"),
    path(f"{STUDY}/deviations/", progress.StudyDeviations.as_view(), name="deviations"),
    path(f"{STUDY}/comments/", progress.Comments.as_view(), name="comments"),
    path(f"{STUDY}/checks/", progress.ViewingChecks.as_view(), name="checks"),
    path(f"{STUDY}/training/", progress.Attempts.as_view(), name="attempts"),
    path(f"{STUDY}/log/", progress.Log.as_view(), name="log"),
    path(f"{STUDY}/waivers/", conduct.Waivers.as_view(), name="waivers"),
    path(f"{STUDY}/reopenings/", conduct.Reopenings.as_view(), name="reopenings"),
    path(f"{STUDY}/code-breaks/", conduct.CodeBreaks.as_view(), name="code-breaks"),
    path("reading/", room.Readings.as_view(), name="readings"),
    path(f"{READING}/", room.Reading.as_view(), name="reading"),
    path(f"{READING}/asked/", room.Asked.as_view(), name="asked"),
    path(
        f"{READING}/training/start/",
        training.TrainingStart.as_view(),
        name="training-start",
    ),
    path(
        f"{READING}/training/next/",
        training.TrainingNext.as_view(),
        name="training-next",
    ),
    path(
        f"{READING}/training/pixels/<slug:token>/",
        training.TrainingPixels.as_view(),
        name="training-pixels",
    ),
    path(
        f"{READING}/training/answers/",
        training.TrainingSubmit.as_view(),
        name="training-submit",
    ),
    path(
        f"{READING}/training/result/",
        training.TrainingOutcome.as_view(),
        name="training-result",
    ),
    path(f"{READING}/next/", room.Next.as_view(), name="read-next"),
    path(f"{READING}/pixels/<slug:token>/", room.Pixels.as_view(), name="read-pixels"),
    path(f"{READING}/answers/", changes.Answers.as_view(), name="answers"),
    path(f"{READING}/revisit/", changes.Revisit.as_view(), name="read-revisit"),
    path(f"{READING}/undo/", changes.Undo.as_view(), name="read-undo"),
    path(f"{READING}/finish/", room.Finish.as_view(), name="session-finish"),
    path(f"{READING}/conditions/", asking.Conditions.as_view(), name="conditions"),
    path(
        f"{READING}/conditions/answer/",
        asking.ConditionsAnswer.as_view(),
        name="conditions-answer",
    ),
    path(
        f"{READING}/conditions/pattern/", asking.Pattern.as_view(), name="test-pattern"
    ),
    path(f"{READING}/guess/", asking.Guess.as_view(), name="guess"),
    path(
        f"{READING}/guess/pixels/<slug:token>/",
        asking.GuessPixels.as_view(),
        name="guess-pixels",
    ),
    path(
        f"{READING}/guess/answers/", asking.GuessAnswer.as_view(), name="guess-answer"
    ),
    path(f"{READING}/atlas/", room.Atlas.as_view(), name="atlas"),
    path(f"{READING}/atlas/pixels/", room.AtlasPixels.as_view(), name="atlas-pixels"),
    path("preferences/", room.OwnPreferences.as_view(), name="preferences"),
    path("lut/cool/", room.ColourTable.as_view(), name="colour-table"),
]
