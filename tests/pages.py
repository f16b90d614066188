"""Every page of the site as somebody meets it, for the tests that look at all.

`make_pages` brings studies into each state that has a look of its own. `PAGES`
and `NO_PAGES` together name every route, so that a new one cannot be forgotten.
"""

from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from inference.models import Job, Weights
from inference.selectors import patients_learned
from inference.services import job_request, weights_sync_shipped, weights_upload
from inference.services.running import UNEXPECTED as UNEXPECTED_IN_JOB
from inference.told_cards import ToldCard
from readerstudy.accounts.tokens import token_make
from readerstudy.cases.models import Upload
from readerstudy.reading import services
from readerstudy.reading.models import Membership, Study
from tests.accounts.protecting import protect
from tests.cases.waiting import (
    make_fetching,
    make_half_sent,
    make_received,
    make_stack_upload,
    make_unlike,
    make_upload,
)
from tests.cast import Cast, make_user, reader_membership
from tests.eventful import answer_session, let_everything_happen, make_whole
from tests.factory import TRAINING, make_study, unblind
from tests.inference.halfway import make_sweep, make_trainings
from tests.own_database import ROOT
from tests.stability import save_stability
from tests.stacks import (
    CHEST,
    CHEST_WINDOWS,
    chest_image,
    make_stack_cohort,
    make_stack_study,
)

# routes that answer something else than a page: acts, images, JSON, parts of pages
NO_PAGES = frozenset(
    {
        *("cases:instances-store", "cases:study-store"),
        *("cases:pacs-progress", "cases:pacs-retry"),
        *("logout", "set_language", "healthz", "favicon", "reading:start"),
        "accounts:token-revoke",
        *("operations:readyz", "operations:metrics"),
        *("mfa_login_webauthn", "mfa_list_webauthn", "account_login"),
        *("openid_connect_login", "openid_connect_callback"),
        # tests/browser/test_logging_in.py meets it between password and code
        "mfa_authenticate",
        *("admin:login", "admin:logout", "admin:jsi18n", "admin:app_list"),
        # Django's own pages; those that are met most are looked at
        *("admin:auth_user_history", "admin:auth_user_delete"),
        *("admin:auth_user_add", "admin:auth_user_change"),
        *("admin:auth_user_password_change", "admin:auth_group_changelist"),
        *("admin:auth_group_add", "admin:auth_group_change"),
        *("admin:auth_group_history", "admin:auth_group_delete"),
        *("operations:readyz", "operations:metrics"),
        *("cases:upload-discard", "cases:upload-retry", "cases:scan-preview"),
        *("cases:file-create", "cases:file-send", "cases:upload-take"),
        *("cases:pairing-update", "cases:parity-accept", "cases:case-slice"),
        *("cases:colour-bar", "cases:case-update", "cases:rendition-preview"),
        *("cases:cohort-export", "cases:cohort-divide", "cases:rendition-strip"),
        *("inference:training-request", "inference:training-stop"),
        *("inference:training-resume", "inference:training-forget"),
        *("inference:sweep-request", "inference:sweep-stop"),
        *("inference:sweep-restart", "inference:sweep-export"),
        *("inference:job-request", "inference:job-cancel", "inference:job-retry"),
        *("inference:weights-probe", "inference:weights-preview"),
        *("inference:stability-request", "inference:stability-cancel"),
        *("inference:stability-retry", "inference:stability-picture"),
        *("reading:protocol-upload", "reading:protocol-download"),
        *("reading:study-open", "reading:study-close", "reading:study-progress"),
        *("reading:unblinding-approve", "reading:unblinding-withdraw"),
        *("reading:member-appoint", "reading:read-reopen", "reading:washout-waive"),
        *("reading:code-break", "reading:read-submit", "reading:session-finish"),
        *("reading:read-revisit", "reading:read-undo", "reading:read-pixels"),
        *("reading:preferences", "reading:atlas-pixels"),
        *("stats:figure", "stats:image-pair", "stats:planning-figure"),
        "stats:stability-picture",
        *("reading:test-pattern", "reading:guess-submit", "reading:guess-pixels"),
        *("reading:training-start", "reading:training-submit"),
        *("reading:training-pixels", "reading:lut-show", "stats:export"),
        *("stats:report-pdf", "stats:report-json", "stats:report-freeze"),
    }
)


@dataclass(frozen=True)
class Shown:
    """One page: its name as a picture, its route, who looks at it, and where."""

    name: str
    route: str
    who: User | None
    path: str
    status: int = 200
    presses: str = ""  # keys, parted by spaces, that open what is then seen
    opens: str = ""  # its selector


def settle(page: Page, shown: Shown) -> None:
    """Until what is drawn is drawn, and what is to be opened is open."""
    if page.locator("#room.whole").count():
        page.wait_for_selector("#atlas[data-painted]")
    elif page.locator("#room").count():
        page.wait_for_selector("#room[data-painted]")
    if page.locator('main [hx-trigger="load"]').count():  # a network at work
        page.wait_for_selector("#preview", timeout=90_000)
    for key in shown.presses.split():
        page.keyboard.press(key)
    if shown.opens:
        page.wait_for_selector(shown.opens)
    if page.locator("#atlas[open]").count():
        page.wait_for_selector("#atlas[data-painted]")


def make_pages(cast: Cast) -> list[Shown]:
    """Visitors', readers', coordinators' and statisticians' pages."""
    return [
        Shown("login", "login", None, reverse("login")),
        Shown("not-found", "", cast.reader, "/nonsense/", 404),
        Shown("not-allowed", "", cast.reader, reverse("cases:cohort-list"), 403),
        *_accounts_pages(cast),
        *_readers_pages(cast),
        *_cohorts_pages(cast),
        *_studies_pages(cast),
    ]


def _accounts_pages(cast: Cast) -> list[Shown]:
    """Of somebody with every kind of second factor, and of one with none."""
    careful, plain = make_user("careful"), cast.stranger
    passkey = protect(careful).pk
    token_make(user=careful, name="notebook", scopes=["studies:read"], days=90)
    boss = cast.administrator
    given = [
        ("inactive", "account_inactive", None, []),
        ("cancelled", "socialaccount_login_cancelled", None, []),
        ("account", "mfa_index", careful, []),
        ("account-plain", "mfa_index", plain, []),
        ("password", "account_change_password", plain, []),
        ("again", "account_reauthenticate", plain, []),
        ("tokens", "accounts:tokens", careful, []),
        ("again-code", "mfa_reauthenticate", careful, []),
        ("again-passkey", "mfa_reauthenticate_webauthn", careful, []),
        ("app", "mfa_activate_totp", plain, []),
        ("app-remove", "mfa_deactivate_totp", careful, []),
        ("codes", "mfa_view_recovery_codes", careful, []),
        ("codes-new", "mfa_generate_recovery_codes", careful, []),
        ("passkey", "mfa_add_webauthn", plain, []),
        ("passkey-name", "mfa_edit_webauthn", careful, [passkey]),
        ("passkey-remove", "mfa_remove_webauthn", careful, [passkey]),
        ("admin", "admin:index", boss, []),
        ("admin-accounts", "admin:auth_user_changelist", boss, []),
        ("admin-tokens", "admin:accounts_token_changelist", boss, []),
    ]
    return [
        Shown(name, route, who, reverse(route, args=args))
        for name, route, who, args in given
    ]


def _open(cast: Cast, slug: str, **settings: object) -> Study:
    return make_study(
        cast.cohort,
        slug=slug,
        title=f"Phantoms: {slug.replace('-', ' ')}",
        coordinator=cast.coordinator,
        statistician=cast.statistician,
        readers=[cast.reader],
        **settings,
    )


def _of(study: Study, cast: Cast) -> Membership:
    return reader_membership(study, cast.reader)


def _eventful(cast: Cast, slug: str, title: str) -> Study:
    study = make_whole(
        cast.cohort,
        slug=slug,
        title=title,
        coordinator=cast.coordinator,
        statistician=cast.statistician,
        readers=[cast.reader],
    )
    let_everything_happen(study, _of(study, cast), cast.coordinator)
    return study


def _readers_studies(cast: Cast) -> list[tuple[str, str, Study]]:
    """A page's name, its route and the study whose reader sees it."""
    whole = _eventful(cast, "whole-study", "Phantoms: all that can happen")
    trained = _open(cast, "trained-study", training=TRAINING)
    services.attempt_start(reader=_of(trained, cast))
    asking = _open(cast, "asking-study", asks_conditions=True)
    guessed = _open(cast, "guessed-study", guesses="after-grade", guess_percent=100)
    _answer(guessed, cast, most=1)
    waiting = _open(cast, "waiting-study", washout_days=28)
    _answer(waiting, cast)
    reviewed = _open(cast, "reviewed-study", answer_changes="session")
    _answer(reviewed, cast)
    begun = _open(cast, "begun-study", answer_changes="study", window_adjustable=True)
    _answer(begun, cast, most=3)
    finished = _open(cast, "finished-study")
    for _ in range(2):
        _answer(finished, cast)
    ended = _open(cast, "ended-study")
    services.study_close(study=ended, by=cast.coordinator)
    return [
        ("room", "read-next", begun),
        ("room-again", "read-next", whole),
        ("training", "training-next", trained),
        ("training-result", "training-result", whole),
        ("conditions", "conditions", asking),
        ("guess", "guess-next", guessed),
        ("changes", "read-changes", whole),
        ("atlas", "atlas-show", begun),
        ("changes-none", "read-changes", asking),
        ("pause", "reading-pause", begun),
        ("pause-reopened", "reading-pause", whole),
        ("pause-washout", "reading-pause", waiting),
        ("pause-review", "reading-pause", reviewed),
        ("pause-finished", "reading-pause", finished),
        ("pause-closed", "reading-pause", ended),
    ]


def _readers_pages(cast: Cast) -> list[Shown]:
    pages = [
        _page(name, route, cast.reader, study)
        for name, route, study in _readers_studies(cast)
    ]
    room = pages[0]
    opened = [
        ("room-keys", "h", "#keys[open]"),
        ("room-atlas", "g", "#atlas[open]"),
        ("room-unassessable", "b", "#why[open]"),
        ("room-comment", "m", "#writing[open]"),
    ]
    return [
        _page("home", "reader-home", cast.reader, None),
        *pages,
        *(
            replace(room, name=name, presses=presses, opens=opens)
            for name, presses, opens in opened
        ),
        _page("home-empty", "reader-home", cast.stranger, None),
        *_stack_pages(cast),
    ]


def _stack_pages(cast: Cast) -> list[Shown]:
    """The room for whole stacks, with each kind of question."""
    cohort = make_stack_cohort(
        "Chests",
        cases_wanted=2,
        coordinators=[cast.coordinator],
        shapes=(CHEST,),
        image=chest_image,
    )
    rooms = {
        asked: _page(f"room-{asked}", "read-next", cast.reader, study)
        for asked in (
            "image-quality",
            "anatomical-fidelity",
            "finding-confidence",
            "forced-choice",
        )
        for study in [
            make_stack_study(
                cast,
                cohort=cohort,
                slug=f"study-of-{asked}",
                title=f"Chests: {asked}",
                question_set=asked,
                windows=CHEST_WINDOWS,
                window_adjustable=asked != "finding-confidence",
            )
        ]
    }
    marked = rooms["anatomical-fidelity"]
    return [
        *rooms.values(),
        replace(marked, name="room-marked", presses="k 3", opens=".marks li"),
        replace(marked, name="stack-keys", presses="h", opens="#keys[open]"),
        replace(marked, name="stack-unassessable", presses="b", opens="#why[open]"),
    ]


def _answer(study: Study, cast: Cast, *, most: int = 1000) -> None:
    answer_session(_of(study, cast), most=most)


def _page(
    name: str, route: str, who: User, study: Study | None, status: int = 200
) -> Shown:
    route = f"reading:{route}" if ":" not in route else route
    path = reverse(route, args=[study.slug] if study else [])
    return Shown(name, route, who, path, status)


def _studies_pages(cast: Cast) -> list[Shown]:
    """Studies as coordinator and statistician see them in each state."""
    draft = make_draft(cast)
    whole = Study.objects.get(slug="whole-study")
    closed = Study.objects.get(slug="ended-study")
    over = _eventful(cast, "unblinded-study", "Phantoms: unblinded")
    unblind(over)
    boss, analyst = cast.coordinator, cast.statistician
    create = reverse("reading:study-create")
    return [
        _page("studies", "study-list", boss, None),
        _page("study-create", "study-create", boss, None),
        _page("planning", "stats:planning", boss, None),
        Shown(
            "study-settings",
            "reading:study-create",
            boss,
            f"{create}?cohort={cast.cohort.pk}",
        ),
        _page("study-edit", "study-edit", boss, draft),
        _page("study-draft", "study-detail", boss, draft),
        _page("study-open", "study-detail", boss, whole),
        _page("study-closed", "study-detail", boss, closed),
        _page("study-amend", "study-amend", boss, whole),
        _page("conduct", "study-conduct", boss, whole),
        _page("conduct-unblinded", "study-conduct", boss, over),
        _page("log", "study-log", boss, whole),
        _page("report-refused", "stats:report", boss, whole, 409),
        _page("statistician-studies", "study-list", analyst, None),
        _page("statistician-study", "study-detail", analyst, closed),
        _page("statistician-conduct", "study-conduct", analyst, whole),
        _page("report", "stats:report", analyst, over),
    ]


def _refused(cast: Cast) -> Upload:
    """Finished images that do not fit their cohort."""
    lines = ("Case C001 has no image.", "ours.npy cannot be taken: It is damaged.")
    return Upload.objects.create(
        name="result-ours",
        uploaded_by=cast.coordinator,
        cohort=cast.cohort,
        folder="refused",
        state=Upload.State.FAILED,
        error="\n".join(lines),
    )


def _cohorts_pages(cast: Cast) -> list[Shown]:
    upload = make_upload(cast)
    make_jobs(cast)
    waiting = Upload.objects.create(name="On its way", uploaded_by=cast.coordinator)
    cohort, boss = cast.cohort.pk, cast.coordinator
    unlike = make_unlike(cast).pk
    stacks = make_stack_cohort("CT", coordinators=[boss], cases_wanted=2).pk
    learning, learned_from = make_trainings(boss)
    swept = make_sweep(learned_from, boss).pk
    save_stability(cast.cohort, "gaussian", beyond=("deformation", "mirror-error"))
    given = [
        ("cohorts", "cases:cohort-list", []),
        ("cohort-upload", "cases:cohort-upload", []),
        ("cohort-confirm", "cases:cohort-confirm", [upload.pk]),
        ("cohort-waiting", "cases:cohort-confirm", [waiting.pk]),
        ("cohort-half-sent", "cases:cohort-confirm", [make_half_sent(boss).pk]),
        ("cohort-inbox", "cases:cohort-confirm", [make_received().pk]),
        ("pacs", "cases:pacs-search", []),
        ("cohort-fetching", "cases:cohort-confirm", [make_fetching(boss, 8).pk]),
        ("cohort-not-fetching", "cases:cohort-confirm", [make_fetching(boss, -8).pk]),
        ("cohort", "cases:cohort-detail", [cohort]),
        ("case", "cases:case-detail", [cohort, "C001"]),
        ("case-unlike", "cases:case-detail", [unlike, "C001"]),
        ("cohort-parity", "cases:cohort-parity", [unlike]),
        ("cohort-stacks", "cases:cohort-detail", [stacks]),
        ("case-stacks", "cases:case-detail", [stacks, "H001"]),
        ("cohort-stacks-confirm", "cases:cohort-confirm", [make_stack_upload(boss).pk]),
        ("cohort-images", "cases:cohort-images", [stacks]),
        ("cohort-images-refused", "cases:cohort-confirm", [_refused(cast).pk]),
        ("jobs", "inference:job-list", [cohort]),
        ("stability", "inference:stability-list", [cohort]),
        ("stability-method", "inference:stability-detail", [cohort, "gaussian"]),
        ("trainings", "inference:training-list", [learned_from.pk]),
        ("training", "inference:training-detail", [learned_from.pk, learning.pk]),
        ("sweeps", "inference:sweep-list", [learned_from.pk]),
        ("sweep", "inference:sweep-detail", [learned_from.pk, swept]),
        ("trainings-undivided", "inference:training-list", [cohort]),
        ("networks", "inference:weights-list", []),
        ("network-upload", "inference:weights-upload", []),
        ("network", "inference:weights-card", [Weights.objects.earliest("pk").pk]),
        ("network-brought", "inference:weights-card", [make_brought(cast).pk]),
    ]
    return [
        Shown(name, route, boss, reverse(route, args=args))
        for name, route, args in given
    ]


def make_jobs(cast: Cast) -> None:
    """The shipped weights, and a job that failed without saying why."""
    weights_sync_shipped()
    job = job_request(cohort=cast.cohort, method="gaussian", user=cast.coordinator)
    Job.objects.filter(pk=job.pk).update(
        state="failed", finished_at=timezone.now(), failures={"C001": UNEXPECTED_IN_JOB}
    )


def make_brought(cast: Cast) -> Weights:
    """A network that somebody brought as ONNX, with all that a card can say."""
    told = ToldCard(
        title="Denoiser of the other hospital",
        origin="The other hospital, nuclear medicine",
        licence="CC BY 4.0",
        training_data="300 scans of another camera, 2019 to 2024",
        patients=patients_learned(cast.cohort),
    )
    content = (ROOT / "tests/inference/files/torch-2.13-dynamo.onnx").read_bytes()
    file = SimpleUploadedFile("theirs.onnx", content)
    return weights_upload(file=file, user=cast.coordinator, told=told)


def make_draft(cast: Cast) -> Study:
    """A draft that cannot be opened, for every reason a page may give."""
    return make_study(
        cast.cohort,
        coordinator=cast.coordinator,
        readers=[cast.other_coordinator, cast.administrator, cast.statistician],
        slug="a-draft",
        methods=("gaussian",),
        sessions=1,
        opened=False,
    )
