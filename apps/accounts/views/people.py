from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import forms, selectors, services
from apps.accounts.http import UserRequest, requires
from apps.accounts.models import User
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.core.refusals import refuse

ACCOUNTS = [("yes", gettext_lazy("Active")), ("no", gettext_lazy("Deactivated"))]
LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Name"), sort="name"),
        Column(gettext_lazy("Role"), sort="role"),
        Column(gettext_lazy("Second factor")),
        Column(gettext_lazy("Last signed in"), sort="last_login", descends_first=True),
    ],
    filters=[
        Filter("role", gettext_lazy("Role"), User.Role.choices),
        Filter(
            "active",
            gettext_lazy("Account"),
            [("yes", gettext_lazy("Active")), ("no", gettext_lazy("Deactivated"))],
        ),
    ],
    default_sort="name",
    search_hint=gettext_lazy("Search by name or address"),
)


@require_GET
@requires("accounts.view_people")
def people(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    listing = asked.page(selectors.users(search=asked.search, **asked.values))
    return render_page_or_fragment(
        request, "accounts/people.html", {"listing": listing}, fragment="people-list"
    )


@require_GET
@requires("accounts.change_user", on=User)
def person(request: UserRequest, user: User) -> HttpResponse:
    return _person_page(request, user, forms.RoleForm(initial={"role": user.role}))


@require_POST
@requires("accounts.change_user", on=User)
def person_role(request: UserRequest, user: User) -> HttpResponse:
    form = forms.RoleForm(request.POST)
    if form.is_valid():
        try:
            services.user_role_change(user=user, by=request.user, now=clock.now(), **form.cleaned_data)
        except services.PersonNotChangeable as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, _("The role is changed."))
            return redirect("accounts:person", user.pk)
    return _person_page(request, user, form)


@require_GET
@requires("accounts.change_user", on=User)
def person_leave(request: UserRequest, user: User) -> HttpResponse:
    return _leave_page(request, user, forms.LeaveForm(person=user))


@require_POST
@requires("accounts.change_user", on=User)
def person_deactivate(request: UserRequest, user: User) -> HttpResponse:
    form = forms.LeaveForm(request.POST, person=user)
    if not form.is_valid():
        return _leave_page(request, user, form)
    try:
        services.user_deactivate(user=user, by=request.user, now=clock.now(), successors=form.cleaned_data)
    except services.SuccessorNeeded as refusal:
        refuse(form, refusal)
        return _leave_page(request, user, form)
    except services.PersonNotChangeable as refusal:
        return _person_page(request, user, forms.RoleForm(initial={"role": user.role}), refusal)
    messages.success(request, _("%(person)s is deactivated.") % {"person": user})
    return redirect("accounts:person", user.pk)


@require_POST
@requires("accounts.change_user", on=User)
def person_reactivate(request: UserRequest, user: User) -> HttpResponse:
    services.user_reactivate(user=user, by=request.user, now=clock.now())
    messages.success(request, _("%(person)s can sign in again.") % {"person": user})
    return redirect("accounts:person", user.pk)


@require_POST
@requires("accounts.change_user", on=User)
def person_hand_back(request: UserRequest, user: User) -> HttpResponse:
    try:
        count = services.user_hand_back(user=user, by=request.user, now=clock.now())
    except services.SuccessorNeeded as refusal:
        messages.error(request, str(refusal))
    else:
        told = ngettext("%(n)s thing is theirs again.", "%(n)s things are theirs again.", count)
        messages.success(request, told % {"n": count})
    return redirect("accounts:person", user.pk)


@require_POST
@requires("accounts.change_user", on=User)
def person_second_factor_remove(request: UserRequest, user: User) -> HttpResponse:
    services.second_factor_remove(user=user, by=request.user, now=clock.now())
    messages.success(request, _("The next sign-in asks for the password alone."))
    return redirect("accounts:person", user.pk)


def _person_page(
    request: UserRequest, person: User, form: forms.RoleForm, refusal: DomainError | None = None
) -> HttpResponse:
    context = {
        "person": selectors.users().get(pk=person.pk),
        "form": form,
        "refusal": refusal,
        "tokens": selectors.tokens_of(person)[:50],
        "departure": selectors.user_departure(person),
        "owns": selectors.user_estate(person) if person.is_active else [],
        "hand_overs": list(person.hand_overs.standing().select_related("taker").order_by("pk")),
        "now": clock.now(),
    }
    return render_page_or_fragment(request, "accounts/person.html", context, fragment="person")


def _leave_page(request: UserRequest, person: User, form: forms.LeaveForm) -> HttpResponse:
    tokens = selectors.tokens_of(person)[:50]
    context = {
        "person": person,
        "form": form,
        "tokens": tokens,
        "departure": selectors.user_departure(person),
    }
    return render(request, "accounts/leave.html", context)
