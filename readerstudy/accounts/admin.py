"""The administration pages: accounts, groups and tokens, and nothing of any study.

No model of cases, networks, studies or reports may be registered here: who runs the
server grants nobody a role in a study, and sees neither reads nor scores.
"""

from datetime import datetime
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import (
    is_reauthentication_required,
)
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group, User
from django.contrib.auth.views import redirect_to_login
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .factors import factors_forget
from .guessing import unlock
from .models import Token
from .roles import FACTORS
from .tokens import token_revoke

# Doors of Django's that this house has elsewhere, or does not want.
CLOSED = frozenset(
    {
        *("password_change", "password_change_done"),
        *("view_on_site", "autocomplete", "app_list"),
    }
)

FORMS = frozenset(
    {
        *("auth_user_add", "auth_user_change", "auth_user_password_change"),
        *("auth_group_add", "auth_group_change", "auth_group_delete"),
    }
)


class AccountsSite(admin.AdminSite):
    site_header = _("Accounts")
    site_title = _("Accounts")
    index_title = _("Who may come in")
    site_url = "/"
    enable_nav_sidebar = False
    final_catch_all_view = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        found = super().get_urls()
        kept = [one for one in found if getattr(one, "name", "") not in CLOSED]
        index = self.admin_view(self.app_index)
        return [*kept, path("<slug:app_label>/", index, name="app_list")]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """To who is logged in and no administrator, there is nothing here."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                raise Http404
            if _changes_accounts(request) and _asks_who_sits_there(request):
                return redirect_to_login(
                    request.get_full_path(), reverse("account_reauthenticate")
                )
            response: HttpResponse = inner(request, *args, **kwargs)
            return response

        return guarded

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one login, for all pages."""
        if request.user.is_authenticated:
            raise Http404
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(wanted, resolve_url(settings.LOGIN_URL))


def _changes_accounts(request: HttpRequest) -> bool:
    """Forms, too, so that nobody fills one in and is asked then. What was typed is not
    kept meanwhile: a session is no place for somebody's new password."""
    match = request.resolver_match
    return request.method == "POST" or bool(match and match.url_name in FORMS)


def _asks_who_sits_there(request: HttpRequest) -> bool:
    return bool(is_reauthentication_required(request, app="readerstudy.accounts"))


site = AccountsSite(name="admin")


def _who(request: HttpRequest) -> User:
    """Whom `admin_view` has let in."""
    assert isinstance(request.user, User)
    return request.user


class Accounts(UserAdmin):  # type: ignore[type-arg]
    """An account is never deleted: it is made inactive, and its acts keep a name."""

    list_display = ("username", "is_active", "is_staff", "second_factor", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    ordering = ("username",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
    )
    filter_horizontal = ()
    actions = ("let_try_again", "forget_factors")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        mine = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
        found: QuerySet[User] = super().get_queryset(request)
        return found.annotate(protected=Exists(mine))

    @admin.display(description=_("second factor"), boolean=True)
    def second_factor(self, user: Any) -> bool:
        return bool(user.protected)

    def formfield_for_manytomany(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["widget"] = CheckboxSelectMultiple
        return super().formfield_for_manytomany(*args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=_("Let them try again after wrong passwords"))
    def let_try_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            unlock(user=user, by=_who(request))
        self._say(request, queryset.count())

    @admin.action(description=_("Forget their second factors"))
    def forget_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            factors_forget(user=user, by=_who(request))
        self._say(request, queryset.count())

    def _say(self, request: HttpRequest, number: int) -> None:
        text = ngettext("Done for %d account.", "Done for %d accounts.", number)
        self.message_user(request, text % number, messages.SUCCESS)


class Tokens(admin.ModelAdmin):  # type: ignore[type-arg]
    """Seen and revoked; made by their owners alone."""

    list_display = ("name_", "owner", "made", "expires", "last_used")
    list_display_links = None
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Token]:
        found = super().get_queryset(request).filter(revoked_at=None)
        return found.select_related("user")

    @admin.display(description=_("name"))
    def name_(self, token: Token) -> str:
        return token.name

    @admin.display(description=_("owner"), ordering="user__username")
    def owner(self, token: Token) -> str:
        return token.user.get_username()

    @admin.display(description=_("made"), ordering="created_at")
    def made(self, token: Token) -> datetime:
        return token.created_at

    @admin.display(description=_("expires"), ordering="expires_at")
    def expires(self, token: Token) -> datetime:
        return token.expires_at

    @admin.display(description=_("last used"), ordering="last_used_at")
    def last_used(self, token: Token) -> datetime | None:
        return token.last_used_at

    @admin.action(description=_("Revoke the tokens"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        for token in queryset:
            token_revoke(token=token, by=_who(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("accounts.view_token"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """The list alone: what else there is to see of a token is its owner's."""
        return [one for one in super().get_urls() if one.name in LISTS]


LISTS = frozenset({"accounts_token_changelist"})


class Groups(GroupAdmin):
    list_display = ("name",)


site.register(User, Accounts)
site.register(Group, Groups)
site.register(Token, Tokens)
