from django.urls import path

from .views import cohorts, uploads

app_name = "cases"
urlpatterns = [
    path("cohorts/", uploads.cohort_list, name="cohort-list"),
    path("cohorts/upload/", uploads.cohort_upload, name="cohort-upload"),
    path("cohorts/uploads/<int:pk>/", uploads.cohort_confirm, name="cohort-confirm"),
    path(
        "cohorts/uploads/<int:pk>/discard/",
        uploads.upload_discard,
        name="upload-discard",
    ),
    path("cohorts/uploads/<int:pk>/retry/", uploads.upload_retry, name="upload-retry"),
    path(
        "cohorts/uploads/<int:pk>/previews/<slug:code>-<slug:role>.png",
        uploads.upload_preview,
        name="upload-preview",
    ),
    path("cohorts/colour-bar.png", cohorts.colour_bar, name="colour-bar"),
    path("cohorts/<int:pk>/", cohorts.cohort_detail, name="cohort-detail"),
    path(
        "cohorts/<int:pk>/cases/<slug:code>/", cohorts.case_detail, name="case-detail"
    ),
    path(
        "cohorts/<int:pk>/cases/<slug:code>/central-slice/",
        cohorts.case_update,
        name="case-update",
    ),
    path(
        "cohorts/previews/<int:pk>/<int:slice_index>.png",
        cohorts.rendition_preview,
        name="rendition-preview",
    ),
]
