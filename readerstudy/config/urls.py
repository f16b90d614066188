"""Every address of the site, one line an app."""

from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.generic import RedirectView

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("language/", include("django.conf.urls.i18n")),
    path("healthz", views.healthz, name="healthz"),
    path("favicon.ico", RedirectView.as_view(url="/static/favicon.svg")),
    path("", include("readerstudy.cases.urls")),
    path("", include("readerstudy.reading.urls")),
    path("", include("inference.urls")),
    path("", include("stats.urls")),
]
