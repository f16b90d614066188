"""Addresses under /api/v1/."""

from django.urls import path

from . import cohorts, corrections, pacs, pictures, plans, sending, uploads

app_name = "cases-api"

COHORT = "cohorts/<int:pk>/"
CASE = "cohorts/<int:pk>/cases/<slug:code>/"
UPLOAD = "uploads/<int:pk>/"
PAIR = UPLOAD + "plan/pairs/<int:reference>-<int:short>/"

urlpatterns = [
    path("cohorts/", cohorts.CohortList.as_view(), name="cohort-list"),
    path(COHORT, cohorts.CohortDetail.as_view(), name="cohort-detail"),
    path(COHORT + "cases/", cohorts.CaseList.as_view(), name="case-list"),
    path(COHORT + "cases.csv", cohorts.CohortExport.as_view(), name="cohort-export"),
    path(
        COHORT + "division/",
        corrections.CohortDivision.as_view(),
        name="cohort-division",
    ),
    path(COHORT + "parity/", corrections.CohortParity.as_view(), name="cohort-parity"),
    path(CASE, cohorts.CaseDetail.as_view(), name="case-detail"),
    path(
        CASE + "central-slice/",
        corrections.CentralSlice.as_view(),
        name="case-central-slice",
    ),
    path(CASE + "parity/", corrections.CaseParity.as_view(), name="case-parity"),
    path(
        CASE + "images/<str:method>.png",
        pictures.ImagePicture.as_view(),
        name="case-image",
    ),
    path(
        CASE + "slices/<int:number>.png",
        pictures.SlicePicture.as_view(),
        name="case-slice",
    ),
    path("inbox/", uploads.Inbox.as_view(), name="inbox"),
    path("uploads/", sending.UploadList.as_view(), name="upload-list"),
    path("uploads/files/", sending.FileCreate.as_view(), name="file-create"),
    path("uploads/files/<str:token>/", sending.FileSend.as_view(), name="file-send"),
    path(UPLOAD, uploads.UploadDetail.as_view(), name="upload-detail"),
    path(UPLOAD + "take/", uploads.UploadTake.as_view(), name="upload-take"),
    path(UPLOAD + "confirm/", uploads.UploadConfirm.as_view(), name="upload-confirm"),
    path(UPLOAD + "retry/", uploads.UploadRetry.as_view(), name="upload-retry"),
    path(
        UPLOAD + "scans/<int:number>.png",
        pictures.ScanPicture.as_view(),
        name="upload-scan",
    ),
    path(UPLOAD + "plan/", plans.Plan.as_view(), name="plan"),
    path(UPLOAD + "plan/pairs/", plans.PairList.as_view(), name="pair-list"),
    path(
        UPLOAD + "plan/pairs/accept/", plans.PairsAccept.as_view(), name="pairs-accept"
    ),
    path(PAIR, plans.Pair.as_view(), name="pair"),
    path(PAIR + "swap/", plans.PairSwap.as_view(), name="pair-swap"),
    path(UPLOAD + "plan/singles/", plans.SingleList.as_view(), name="single-list"),
    path(
        UPLOAD + "plan/singles/alone/",
        plans.SinglesAlone.as_view(),
        name="singles-alone",
    ),
    path(UPLOAD + "plan/left-out/", plans.LeftOutList.as_view(), name="left-out-list"),
    path("pacs/", pacs.ServerList.as_view(), name="pacs-list"),
    path("pacs/search/", pacs.PacsSearch.as_view(), name="pacs-search"),
    path("pacs/fetch/", pacs.PacsFetch.as_view(), name="pacs-fetch"),
]
