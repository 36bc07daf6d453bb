from django.urls import include, path

from apps.accounts import views
from apps.accounts.views import invitations, people, profile

people_patterns = [
    path("settings/people/", people.people, name="people"),
    path("settings/people/invite/", invitations.invite, name="invite"),
    path("settings/people/<int:pk>/", people.person, name="person"),
    path("settings/people/<int:pk>/role/", people.person_role, name="person-role"),
    path("settings/people/<int:pk>/leave/", people.person_leave, name="person-leave"),
    path("settings/people/<int:pk>/hand-back/", people.person_hand_back, name="person-hand-back"),
    path("settings/people/<int:pk>/deactivate/", people.person_deactivate, name="person-deactivate"),
    path("settings/people/<int:pk>/reactivate/", people.person_reactivate, name="person-reactivate"),
    path(
        "settings/people/<int:pk>/second-factor/remove/",
        people.person_second_factor_remove,
        name="person-second-factor-remove",
    ),
    path("settings/invitations/", invitations.invitations, name="invitations"),
    path("settings/invitations/<int:pk>/resend/", invitations.invitation_resend, name="invitation-resend"),
    path("settings/invitations/<int:pk>/revoke/", invitations.invitation_revoke, name="invitation-revoke"),
    path("invitation/<str:secret>/", invitations.invitation_accept, name="invitation"),
    path("profile/", profile.profile, name="profile"),
    path("profile/tokens/", profile.tokens, name="tokens"),
    path("profile/tokens/<int:pk>/revoke/", profile.token_revoke, name="token-revoke"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("design/", views.design, name="design"),
    path("", include((people_patterns, "accounts"))),
]
