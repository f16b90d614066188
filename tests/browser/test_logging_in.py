"""People log in with a second factor and with a passkey, in a real browser."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import BrowserContext, Page, expect

from tests.accounts.protecting import code_now, give_app, protect
from tests.browser.conftest import log_in
from tests.browser.test_axe import AXE, LOOKS, violations
from tests.cast import PASSWORD, make_user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture(autouse=True)
def forgotten_codes() -> None:
    cache.clear()


@pytest.fixture
def base(live_server) -> str:
    return str(live_server)


@pytest.fixture
def visitor(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context().new_page()


def give_keyring(page: Page) -> None:
    """A device that keeps passkeys and finds its owner's finger at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def leave(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/")


def test_a_reader_sets_up_an_app_and_comes_in_with_its_code(
    visitor: Page, base: str
) -> None:
    make_user("reader")
    log_in(visitor, base, "reader")
    visitor.get_by_role("link", name="reader", exact=True).click()
    visitor.get_by_role("link", name="Set up an app").click()
    picture = visitor.locator("img.qr")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("one => one.naturalWidth") > 20
    secret = visitor.locator("code.key").inner_text()
    visitor.get_by_label("The code that your app shows").fill(code_now(secret))
    visitor.get_by_role("button", name="Switch it on").click()
    expect(visitor.locator(".codes li")).to_have_count(10)
    kept = visitor.locator(".codes li").first.inner_text()
    visitor.get_by_role("link", name="I have kept them").click()
    expect(visitor.locator("main")).to_contain_text("10 codes are left.")
    leave(visitor)

    cache.clear()  # the half minute of that code is over
    visitor.fill("#id_username", "reader")
    visitor.fill("#id_password", PASSWORD)
    visitor.get_by_role("button", name="Log in", exact=True).click()
    visitor.wait_for_url("**/login/code/")
    visitor.fill("#id_code", "000000")
    visitor.get_by_role("button", name="Log in", exact=True).click()
    expect(visitor.locator(".errorlist")).to_contain_text("This code is not right")
    visitor.fill("#id_code", code_now(secret))
    visitor.get_by_role("button", name="Log in", exact=True).click()
    visitor.wait_for_url(lambda url: "/login/" not in url)
    leave(visitor)

    log_in_half(visitor, base)
    visitor.fill("#id_code", kept)
    visitor.get_by_role("button", name="Log in", exact=True).click()
    visitor.wait_for_url(lambda url: "/login/" not in url)


def log_in_half(page: Page, base: str) -> None:
    page.goto(f"{base}/login/")
    page.fill("#id_username", "reader")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/login/code/")


def test_a_reader_adds_a_passkey_and_comes_in_with_nothing_else(
    visitor: Page, base: str
) -> None:
    make_user("reader")
    give_keyring(visitor)
    log_in(visitor, base, "reader")
    visitor.goto(f"{base}/account/passkeys/new/")
    visitor.get_by_label("Name").fill("Telephone")
    visitor.get_by_role("button", name="Add a passkey").click()
    expect(visitor.locator("h1")).to_have_text("Recovery codes")
    leave(visitor)

    visitor.get_by_role("button", name="Log in with a passkey").click()
    visitor.wait_for_url(lambda url: "/login/" not in url)
    visitor.goto(f"{base}/account/")
    expect(visitor.locator("main")).to_contain_text("Telephone")
    leave(visitor)

    # after the password it is the second factor
    log_in_half(visitor, base)
    visitor.get_by_role("button", name="Use a passkey instead").click()
    visitor.wait_for_url(lambda url: "/login/" not in url)
    leave(visitor)

    # taken away, it opens nothing
    Authenticator.objects.all().delete()
    visitor.get_by_role("button", name="Log in with a passkey").click()
    said = visitor.locator("main > .notice.error")
    expect(said).to_contain_text("This code is not right")


def test_a_device_without_the_passkey_says_so_in_words(
    visitor: Page, base: str
) -> None:
    give_keyring(visitor)
    visitor.goto(f"{base}/login/")
    visitor.get_by_role("button", name="Log in with a passkey").click()
    note = visitor.locator(".passkey [role=alert]")
    expect(note).to_contain_text("The passkey did not answer.")


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_between_password_and_second_factor_is_accessible(
    look: str, new_context: Callable[..., BrowserContext], base: str
) -> None:
    protect(make_user("reader"))
    context = new_context(**LOOKS[look])
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.goto(f"{base}/login/")
    page.fill("#id_username", "reader")
    page.fill("#id_password", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url("**/login/code/")
    assert violations(page) == []
    page.fill("#id_code", "wrong")
    page.click("main button.primary >> nth=0")
    expect(page.locator(".errorlist")).to_be_visible()
    page.wait_for_load_state()
    assert violations(page) == []


def test_somebody_else_may_log_in_where_a_login_was_left_half_way(
    visitor: Page, base: str
) -> None:
    give_app(make_user("reader"))
    make_user("colleague")
    log_in_half(visitor, base)
    visitor.get_by_role("button", name="Log in as somebody else").click()
    visitor.fill("#id_username", "colleague")
    visitor.fill("#id_password", PASSWORD)
    visitor.get_by_role("button", name="Log in", exact=True).click()
    visitor.wait_for_url(lambda url: "/login/" not in url)
    expect(visitor.locator(".site-header")).to_contain_text("colleague")
