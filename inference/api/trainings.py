"""Trainings of networks on a cohort: asked for, watched, stopped, gone on with."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from inference import services
from inference.models import Training
from inference.recipes import RECIPES
from readerstudy.api.views import Door

from .doors import READ, WRITE, cohort_or_404, training_or_404
from .training_fields import (
    LearnableFields,
    RecipeFields,
    RequestTrainingFields,
    TrainingDetailFields,
    TrainingFields,
)


def _training_response(training: Training, code: int = status.HTTP_200_OK) -> Response:
    """The training as it stands now."""
    training.refresh_from_db()
    return Response(TrainingDetailFields(training).data, status=code)


class RecipeList(Door):
    scopes = {"GET": READ}

    @extend_schema(responses=RecipeFields(many=True), summary="List recipes")
    def get(self, request: Request) -> Response:
        """How networks can be trained here."""
        recipes = [recipe.to_json() for recipe in RECIPES.values()]
        return self.page(recipes, RecipeFields)


class Learnable(Door):
    scopes = {"GET": READ}

    @extend_schema(
        responses=LearnableFields, summary="See what can be learned from a cohort"
    )
    def get(self, request: Request, pk: int) -> Response:
        """Cases in its parts, and what stands in the way of a training."""
        return Response(LearnableFields(cohort_or_404(request, pk)).data)


class TrainingList(Door):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(responses=TrainingFields(many=True), summary="List trainings")
    def get(self, request: Request, pk: int) -> Response:
        """The trainings on a cohort, the newest first."""
        return self.page(cohort_or_404(request, pk).trainings.all(), TrainingFields)

    @extend_schema(
        request=RequestTrainingFields,
        responses={202: TrainingDetailFields},
        summary="Request a training",
    )
    def post(self, request: Request, pk: int) -> Response:
        """A worker trains the network on the training cases, chooses by the validation
        cases, and never opens the test cases."""
        cohort = cohort_or_404(request, pk)
        given = self.parse(RequestTrainingFields)
        training = services.training_request(cohort=cohort, user=request.user, **given)
        return _training_response(training, status.HTTP_202_ACCEPTED)


class TrainingDetail(Door):
    scopes = {"GET": READ}

    @extend_schema(responses=TrainingDetailFields, summary="Look at a training")
    def get(self, request: Request, pk: int, training_pk: int) -> Response:
        """How far it is, with the curves of its epochs."""
        return _training_response(training_or_404(request, pk, training_pk))


class TrainingStop(Door):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=None, responses=TrainingDetailFields, summary="Stop a training"
    )
    def post(self, request: Request, pk: int, training_pk: int) -> Response:
        """Stop it after its current batch. What it has learned is kept."""
        training = training_or_404(request, pk, training_pk)
        services.training_stop(training=training, by=request.user)
        return _training_response(training)


class TrainingResume(Door):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=None,
        responses={202: TrainingDetailFields},
        summary="Go on with a training",
    )
    def post(self, request: Request, pk: int, training_pk: int) -> Response:
        """Go on from its last checkpoint, or from the start where there is none."""
        training = training_or_404(request, pk, training_pk)
        services.training_resume(training=training, by=request.user)
        return _training_response(training, status.HTTP_202_ACCEPTED)


class TrainingForget(Door):
    scopes = {"POST": WRITE}

    @extend_schema(
        request=None,
        responses=TrainingDetailFields,
        summary="Delete a training's checkpoint",
    )
    def post(self, request: Request, pk: int, training_pk: int) -> Response:
        """Of a training that has ended; the training and its curves stay."""
        training = training_or_404(request, pk, training_pk)
        services.training_forget(training=training, by=request.user)
        return _training_response(training)
