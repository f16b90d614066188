"""The read-only API of studies: what the progress page shows, as JSON.

It calls the selectors that the page calls, so it is blind by the same code:
counts per reader and session, never a score or an arm.
"""

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import selectors
from ..models import Membership, Study
from ..selectors.conduct import SeenDeviation, deviations

ROLES = (Membership.Role.COORDINATOR, Membership.Role.STATISTICIAN)


class StudySerializer(serializers.ModelSerializer[Study]):
    class Meta:
        model = Study
        fields = (
            "slug",
            "title",
            "state",
            "simulated_readers",
            "protocol_sha256",
            "opened_at",
            "closed_at",
            "unblinded_at",
        )


class SessionProgressSerializer(serializers.Serializer[selectors.SessionProgress]):
    number = serializers.IntegerField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()


class ReaderProgressSerializer(serializers.Serializer[selectors.ReaderProgress]):
    code = serializers.CharField()
    simulated = serializers.BooleanField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    sessions = SessionProgressSerializer(many=True)


class DeviationSerializer(serializers.Serializer[SeenDeviation]):
    reader = serializers.CharField(source="place.reader")
    session = serializers.IntegerField(source="place.session")
    number = serializers.IntegerField(source="place.number")
    kind = serializers.CharField()
    amount = serializers.IntegerField()
    at = serializers.DateTimeField()


class StudyList(APIView):
    """The studies that the caller coordinates or analyses."""

    def get(self, request: Request) -> Response:
        studies = Study.objects.for_role(request.user, *ROLES).defer("protocol")
        return Response(StudySerializer(studies, many=True).data)


class StudyProgress(APIView):
    """How far each reader of one study is."""

    def get(self, request: Request, slug: str) -> Response:
        studies = Study.objects.for_role(request.user, *ROLES)
        study = get_object_or_404(studies.defer("protocol"), slug=slug)
        progress = selectors.study_progress(study)
        return Response(ReaderProgressSerializer(progress, many=True).data)


class StudyDeviations(APIView):
    """What did not go as the protocol wants it, newest first; no arm, no case."""

    def get(self, request: Request, slug: str) -> Response:
        studies = Study.objects.for_role(request.user, *ROLES)
        study = get_object_or_404(studies.defer("protocol"), slug=slug)
        return Response(DeviationSerializer(deviations(study), many=True).data)
