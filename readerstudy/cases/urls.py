from django.urls import path

from .views import cohorts, dicomweb, images, pacs, pairing, parity, table, tus, uploads

app_name = "cases"
urlpatterns = [
    path("cohorts/", uploads.cohort_list, name="cohort-list"),
    path("cohorts/upload/", uploads.cohort_upload, name="cohort-upload"),
    path("cohorts/uploads/<int:pk>/", uploads.cohort_confirm, name="cohort-confirm"),
    path("cohorts/uploads/files/", tus.file_create, name="file-create"),
    path("cohorts/uploads/files/<str:token>/", tus.file_send, name="file-send"),
    path("cohorts/uploads/<int:pk>/take/", uploads.upload_take, name="upload-take"),
    path(
        "cohorts/uploads/<int:pk>/discard/",
        uploads.upload_discard,
        name="upload-discard",
    ),
    path("cohorts/uploads/<int:pk>/retry/", uploads.upload_retry, name="upload-retry"),
    path(
        "cohorts/uploads/<int:pk>/pairs/",
        pairing.pairing_update,
        name="pairing-update",
    ),
    path(
        "cohorts/uploads/<int:pk>/scans/<int:number>.png",
        pairing.scan_preview,
        name="scan-preview",
    ),
    path("cohorts/pacs/", pacs.pacs_search, name="pacs-search"),
    path("cohorts/pacs/<int:pk>/", pacs.pacs_progress, name="pacs-progress"),
    path("cohorts/pacs/<int:pk>/retry/", pacs.pacs_retry, name="pacs-retry"),
    path("dicom-web/studies", dicomweb.instances_store, name="instances-store"),
    path(
        "dicom-web/studies/<str:study_uid>",
        dicomweb.instances_store,
        name="study-store",
    ),
    path("cohorts/colour-bar.png", cohorts.colour_bar, name="colour-bar"),
    path("cohorts/<int:pk>/", table.cohort_detail, name="cohort-detail"),
    path("cohorts/<int:pk>/images/", images.cohort_images, name="cohort-images"),
    path("cohorts/<int:pk>/parity/", parity.cohort_parity, name="cohort-parity"),
    path("cohorts/<int:pk>/parity/accept/", parity.parity_accept, name="parity-accept"),
    path(
        "cohorts/<int:pk>/cases/<slug:code>/slices/<int:index>.png",
        parity.case_slice,
        name="case-slice",
    ),
    path("cohorts/<int:pk>/cases.csv", table.cohort_export, name="cohort-export"),
    path("cohorts/<int:pk>/divide/", table.cohort_divide, name="cohort-divide"),
    path(
        "cohorts/<int:pk>/cases/<slug:code>/", cohorts.case_detail, name="case-detail"
    ),
    path(
        "cohorts/<int:pk>/cases/<slug:code>/central-slice/",
        cohorts.case_update,
        name="case-update",
    ),
    path(
        "cohorts/previews/<int:pk>/strip.png",
        table.rendition_strip,
        name="rendition-strip",
    ),
    path(
        "cohorts/previews/<int:pk>/<int:slice_index>.png",
        cohorts.rendition_preview,
        name="rendition-preview",
    ),
]
