from django.urls import path

from . import views

app_name = "cases"
urlpatterns = [
    path("cohorts/", views.cohort_list, name="cohort-list"),
    path("cohorts/upload/", views.cohort_upload, name="cohort-upload"),
    path("cohorts/uploads/<int:pk>/", views.cohort_confirm, name="cohort-confirm"),
    path(
        "cohorts/uploads/<int:pk>/discard/", views.upload_discard, name="upload-discard"
    ),
    path("cohorts/uploads/<int:pk>/retry/", views.upload_retry, name="upload-retry"),
    path(
        "cohorts/uploads/<int:pk>/previews/<slug:code>-<slug:role>.png",
        views.upload_preview,
        name="upload-preview",
    ),
    path("cohorts/colour-bar.png", views.colour_bar, name="colour-bar"),
    path("cohorts/<int:pk>/", views.cohort_detail, name="cohort-detail"),
    path("cohorts/<int:pk>/cases/<slug:code>/", views.case_detail, name="case-detail"),
    path(
        "cohorts/<int:pk>/cases/<slug:code>/central-slice/",
        views.case_update,
        name="case-update",
    ),
    path(
        "cohorts/previews/<int:pk>/<int:slice_index>.png",
        views.rendition_preview,
        name="rendition-preview",
    ),
]
