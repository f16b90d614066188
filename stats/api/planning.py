"""How large a study must be, before anybody reads."""

from django.contrib.auth.models import User
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from readerstudy.api.views import Door
from readerstudy.reading.selectors import may_see_studies

from ..planning import expected, patients_needed, spread_of
from .fields import DesignSerializer, PlanSerializer

POWERS = (0.8, 0.9)


class Planning(Door):
    """What a study of such a design would show, and how many patients it takes."""

    scopes = {"GET": "studies:read"}
    is_heavy = True

    @extend_schema(parameters=[DesignSerializer], responses=PlanSerializer)
    def get(self, request: Request) -> Response:
        assert isinstance(request.user, User)
        if not may_see_studies(request.user):
            raise Http404
        given = self.parse(DesignSerializer, data=request.query_params)
        design, margin, readers = given["design"], given["margin"], given["readers"]
        spread = spread_of(design, readers=readers)
        size = {"readers": readers, "margin": margin}
        plan = {
            "difference": design.difference,
            "margin": margin,
            "expected": expected(design, spread, patients=given["patients"], **size),
            "needed": [
                {
                    "power": power,
                    "patients": patients_needed(design, spread, power=power, **size),
                }
                for power in POWERS
            ],
        }
        return Response(PlanSerializer(plan).data)
