"""Every address of the site, one line an app."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from . import views

handler500 = "readerstudy.api.troubles.server_error"
urlpatterns = [
    path("", include("readerstudy.accounts.entrance")),
    path("language/", login_not_required(set_language), name="set_language"),
    path("healthz", views.healthz, name="healthz"),
    path(
        "favicon.ico",
        login_not_required(RedirectView.as_view(url="/static/favicon.svg")),
        name="favicon",
    ),
    path("", include("readerstudy.operations.urls")),
    path("", include("readerstudy.accounts.urls")),
    path("", include("readerstudy.cases.urls")),
    path("", include("readerstudy.reading.urls")),
    path("api/v1/", include("readerstudy.api.urls")),
    path("api/v1/", include("readerstudy.cases.api.urls")),
    path("api/v1/", include("inference.api.urls")),
    path("api/v1/", include("readerstudy.reading.api.urls")),
    path("api/v1/", include("stats.api.urls")),
    path("api/", include("readerstudy.api.elsewhere")),
    path("", include("inference.urls")),
    path("", include("stats.urls")),
]
