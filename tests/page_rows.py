"""Who may reach which page: one row for every route that is not for programs."""

from dataclasses import dataclass

from tests import people
from tests.people import (
    ADMINISTRATOR,
    OWN,
    READER,
    STUDY_LIST,
    UNBLINDED,
    UPLOADERS,
)

# whose reading the program does: sent to a page that says so, never to an image
SIMULATED = frozenset({"simulated reader"})
EVERYONE = people.EVERYONE | SIMULATED
LOGGED_IN = people.LOGGED_IN | SIMULATED
READERS = READER | SIMULATED


@dataclass(frozen=True)
class Row:
    allowed: frozenset[str]
    method: str = "get"


TABLE = {
    "login": Row(EVERYONE),
    "account_login": Row(EVERYONE),
    # only between the password and the second factor: tests/accounts/test_factors.py
    "mfa_authenticate": Row(LOGGED_IN),  # sent on, being in already
    "mfa_login_webauthn": Row(LOGGED_IN),  # likewise
    "account_inactive": Row(EVERYONE),
    "openid_connect_login": Row(frozenset()),  # nobody set up single sign-on
    "openid_connect_callback": Row(frozenset()),
    "socialaccount_login_cancelled": Row(EVERYONE),
    "logout": Row(EVERYONE, "post"),
    "mfa_index": Row(LOGGED_IN),
    "account_change_password": Row(LOGGED_IN),
    "account_reauthenticate": Row(LOGGED_IN),
    "mfa_reauthenticate": Row(LOGGED_IN),
    "mfa_reauthenticate_webauthn": Row(LOGGED_IN),
    "mfa_activate_totp": Row(LOGGED_IN),
    "mfa_deactivate_totp": Row(OWN),  # of who has one
    "mfa_view_recovery_codes": Row(OWN),
    "mfa_generate_recovery_codes": Row(LOGGED_IN),
    "mfa_list_webauthn": Row(LOGGED_IN),
    "mfa_add_webauthn": Row(LOGGED_IN),
    "mfa_edit_webauthn": Row(OWN),
    "mfa_remove_webauthn": Row(OWN),
    "admin:login": Row(frozenset()),  # sent to the one login
    "admin:logout": Row(frozenset(), "post"),  # it leads to the login page
    "admin:index": Row(ADMINISTRATOR),
    "admin:app_list": Row(ADMINISTRATOR),
    "admin:jsi18n": Row(ADMINISTRATOR),
    "admin:auth_user_changelist": Row(ADMINISTRATOR),
    "admin:auth_user_add": Row(ADMINISTRATOR),
    "admin:auth_user_change": Row(ADMINISTRATOR),
    "admin:auth_user_history": Row(ADMINISTRATOR),
    "admin:auth_user_password_change": Row(ADMINISTRATOR),
    "admin:auth_user_delete": Row(frozenset()),  # made inactive instead
    "admin:auth_group_changelist": Row(ADMINISTRATOR),
    "admin:auth_group_add": Row(ADMINISTRATOR),
    "admin:auth_group_change": Row(ADMINISTRATOR),
    "admin:auth_group_history": Row(ADMINISTRATOR),
    "admin:auth_group_delete": Row(ADMINISTRATOR),
    "admin:accounts_token_changelist": Row(ADMINISTRATOR),
    "set_language": Row(EVERYONE, "post"),
    "healthz": Row(EVERYONE),
    "operations:readyz": Row(EVERYONE),
    # as asked from this very machine; from another: tests/operations/test_metrics.py
    "operations:metrics": Row(EVERYONE),
    "favicon": Row(EVERYONE),
    "accounts:tokens": Row(LOGGED_IN),
    "accounts:token-revoke": Row(OWN, "post"),
    "reading:start": Row(LOGGED_IN),
    "cases:cohort-list": Row(UPLOADERS),
    "cases:cohort-upload": Row(UPLOADERS),
    "cases:cohort-confirm": Row(OWN),
    "cases:file-create": Row(UPLOADERS, "post"),
    "cases:file-send": Row(OWN),
    "cases:upload-take": Row(UPLOADERS, "post"),  # it lies in everyone's inbox
    "cases:upload-discard": Row(OWN, "post"),
    "cases:upload-retry": Row(OWN, "post"),
    "cases:pairing-update": Row(OWN, "post"),
    "cases:scan-preview": Row(frozenset()),  # the upload has no scan yet
    "cases:pacs-search": Row(UPLOADERS),
    "cases:pacs-progress": Row(OWN),
    "cases:pacs-retry": Row(OWN, "post"),
    # being logged in counts for nothing here: tests/cases/gateways/test_stow.py
    "cases:instances-store": Row(frozenset(), "post"),
    "cases:study-store": Row(frozenset(), "post"),
    "cases:colour-bar": Row(LOGGED_IN),
    "cases:cohort-detail": Row(OWN),
    "cases:cohort-export": Row(OWN),
    "cases:cohort-divide": Row(OWN, "post"),
    "cases:case-detail": Row(OWN),
    "cases:case-update": Row(OWN, "post"),
    "cases:cohort-images": Row(OWN),
    "cases:cohort-parity": Row(OWN),
    "cases:parity-accept": Row(OWN, "post"),
    "cases:case-slice": Row(frozenset()),  # the file of the scan is not there
    "cases:rendition-preview": Row(OWN),
    "cases:rendition-strip": Row(OWN),
    "inference:job-list": Row(OWN),
    "inference:job-request": Row(OWN, "post"),
    "inference:job-cancel": Row(OWN, "post"),
    "inference:job-retry": Row(OWN, "post"),
    "inference:stability-list": Row(OWN),
    "inference:stability-request": Row(OWN, "post"),
    "inference:stability-cancel": Row(OWN, "post"),
    "inference:stability-retry": Row(OWN, "post"),
    "inference:stability-detail": Row(OWN),
    "inference:stability-picture": Row(OWN),
    "inference:sweep-list": Row(OWN),
    "inference:sweep-request": Row(OWN, "post"),
    "inference:sweep-detail": Row(OWN),
    "inference:sweep-stop": Row(OWN, "post"),
    "inference:sweep-restart": Row(OWN, "post"),
    "inference:sweep-export": Row(OWN),
    "inference:training-list": Row(OWN),
    "inference:training-request": Row(OWN, "post"),
    "inference:training-detail": Row(OWN),
    "inference:training-stop": Row(OWN, "post"),
    "inference:training-resume": Row(OWN, "post"),
    "inference:training-forget": Row(OWN, "post"),
    "inference:weights-list": Row(UPLOADERS),
    "inference:weights-upload": Row(UPLOADERS),
    "inference:weights-card": Row(UPLOADERS),
    "inference:weights-probe": Row(UPLOADERS, "post"),
    "inference:weights-preview": Row(OWN),
    "reading:study-list": Row(STUDY_LIST),
    "reading:study-create": Row(UPLOADERS),
    "reading:protocol-upload": Row(UPLOADERS, "post"),
    "reading:protocol-download": Row(UNBLINDED),
    "reading:study-amend": Row(OWN),
    "reading:study-detail": Row(UNBLINDED),
    "reading:study-edit": Row(frozenset()),  # of a draft only, and this one is open
    "reading:study-open": Row(OWN, "post"),
    "reading:study-close": Row(OWN, "post"),
    "reading:unblinding-approve": Row(UNBLINDED, "post"),
    "reading:unblinding-withdraw": Row(UNBLINDED, "post"),
    "reading:study-conduct": Row(UNBLINDED),
    "reading:member-appoint": Row(OWN, "post"),
    "reading:read-reopen": Row(OWN, "post"),
    "reading:washout-waive": Row(OWN, "post"),
    "reading:code-break": Row(OWN, "post"),
    "reading:study-log": Row(UNBLINDED),
    "reading:study-progress": Row(UNBLINDED),
    "reading:reader-home": Row(LOGGED_IN),
    "reading:preferences": Row(LOGGED_IN, "post"),
    "reading:read-next": Row(READERS),
    "reading:read-submit": Row(READERS, "post"),
    "reading:reading-pause": Row(READERS),
    "reading:session-finish": Row(READERS, "post"),
    "reading:read-changes": Row(READERS),
    "reading:read-revisit": Row(READERS, "post"),
    "reading:read-undo": Row(READERS, "post"),
    "reading:read-pixels": Row(READER),
    "reading:conditions": Row(READERS),
    "reading:test-pattern": Row(READER),
    "reading:guess-next": Row(READERS),
    "reading:guess-submit": Row(READERS, "post"),
    "reading:guess-pixels": Row(READER),
    "reading:training-next": Row(READERS),
    "reading:training-start": Row(READERS, "post"),
    "reading:training-submit": Row(READER, "post"),
    "reading:training-pixels": Row(READER),
    "reading:training-result": Row(READERS),
    "reading:atlas-show": Row(READERS),
    "reading:atlas-pixels": Row(READERS),
    "reading:lut-show": Row(LOGGED_IN),
    "stats:planning": Row(STUDY_LIST),
    "stats:planning-figure": Row(STUDY_LIST),
    "stats:report": Row(UNBLINDED),
    "stats:figure": Row(UNBLINDED),
    "stats:report-json": Row(UNBLINDED),
    "stats:report-pdf": Row(UNBLINDED),
    "stats:report-freeze": Row(UNBLINDED, "post"),
    "stats:image-pair": Row(UNBLINDED),
    "stats:stability-picture": Row(UNBLINDED),
    "stats:export": Row(UNBLINDED),
}
