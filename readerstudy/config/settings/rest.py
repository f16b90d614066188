"""Doors for programs under /api/v1/."""

REST_FRAMEWORK = {
    # readerstudy.api.views.Door says the same; this holds for whoever forgets it
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "readerstudy.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "readerstudy.api.pagination.Pages",
    "EXCEPTION_HANDLER": "readerstudy.api.problems.problem_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "URL_FORMAT_OVERRIDE": None,
    "DATETIME_FORMAT": "iso-8601",
}
