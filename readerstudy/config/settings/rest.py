"""Doors for programs under /api/v1/."""

import os
from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    # readerstudy.api.views.Door says the same; this holds for whoever forgets it
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "readerstudy.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["readerstudy.api.parsers.PlainJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "readerstudy.api.pagination.Pages",
    "EXCEPTION_HANDLER": "readerstudy.api.problems.problem_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "SCHEMA_COERCE_PATH_PK": False,
    "URL_FORMAT_OVERRIDE": None,
}
# It knows the sentences of all apps; readerstudy.api lies below them.
REFUSALS_TOLD_BY = "readerstudy.cases.wording.told"
# How often one may ask: docs/api.md.
API_RATES: dict[str, str | None] = {
    "person": os.environ.get("API_RATE", "1200/min"),
    "heavy": os.environ.get("API_RATE_HEAVY", "30/min"),
    "strangers": os.environ.get("API_RATE_STRANGERS", "30/min"),
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Reader study",
    "DESCRIPTION": "Cohorts, networks, studies, reading and reports, for programs.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # choices that stand in several places, or under names of other choices
    "ENUM_NAME_OVERRIDES": {
        "StudyStateEnum": "readerstudy.reading.models.Study.State",
        "DueStateEnum": "readerstudy.reading.api.reader_serializers.STATES",
        "TrainingStateEnum": "readerstudy.reading.api.reader_serializers.TRAINING",
        "ArmRoleEnum": "readerstudy.reading.models.Arm.Role",
        "MemberRoleEnum": "readerstudy.reading.models.Membership.Role",
        "GateEnum": "readerstudy.reading.models.Study.Gate",
        "KappaWeightsEnum": "readerstudy.reading.models.Study.KappaWeights",
        "KappaIntervalEnum": "readerstudy.reading.models.Study.KappaInterval",
        "StandardEnum": "readerstudy.reading.models.Study.Standard",
    },
    "POSTPROCESSING_HOOKS": [
        # no enumerations by name: those would change with every field that is added
        "readerstudy.api.schema.let_anything_be_null",
        "readerstudy.api.schema.add_problems",
    ],
}
