import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration import savedview_selectors as selectors
from apps.collaboration import savedview_services as services
from apps.collaboration.models import AuditEvent, SavedView
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory
from tests.factories.collaboration import SavedViewFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
LIVE = "/campaigns/?stage=live&view=board&cursor=x&q="


def url(name, *args):
    return reverse(f"collaboration:{name}", args=args)


def text(response):
    return response.content.decode()


class TestListPage:
    def test_names_the_list_and_keeps_of_the_address_what_is_no_page(self):
        page = selectors.list_page(LIVE)

        assert (page.key, page.path, page.query) == ("campaigns:list", "/campaigns/", "stage=live&view=board")

    @pytest.mark.parametrize(
        "address", ["/campaigns/3/", "/nowhere/", "https://evil.example/x", "", "/healthz"]
    )
    def test_is_none_where_no_list_of_ours_is(self, address):
        assert selectors.list_page(address) is None


class TestSave:
    def test_keeps_the_filters_under_a_name_with_an_event(self, noon, lead):
        view = services.view_save(
            list_key="campaigns:list", name="  Live  ones ", query="stage=live", by=lead, now=noon
        )

        view.refresh_from_db()
        assert (view.name, view.query, view.owner, view.is_shared) == ("Live ones", "stage=live", lead, False)
        assert AuditEvent.objects.get().action == "savedview.created"

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"name": " "}, "Give it a name."),
            ({"name": "x" * 10_000}, "At most 80 letters."),
            ({"name": "Taken"}, "You have a view of this name here already."),
            ({"list_key": "campaigns:detail"}, "There is no such list."),
            ({"list_key": "accounts:people"}, "There is no such list."),
            ({"query": "q=" + "x" * 3000}, "These filters are too long to be kept."),
        ],
    )
    def test_refuses_and_nothing_is_kept(self, noon, changed, sentence):
        marketer = UserFactory()
        SavedViewFactory(owner=marketer, name="Taken")
        told = {"list_key": "campaigns:list", "name": "New", "query": ""} | changed

        with pytest.raises(services.ViewRefused, match=sentence):
            services.view_save(**told, by=marketer, now=noon)

        assert SavedView.objects.get().name == "Taken"

    def test_a_name_may_be_emoji_and_right_to_left(self, noon, lead):
        view = services.view_save(list_key="campaigns:list", name="🚀 حملات", query="", by=lead, now=noon)

        assert SavedView.objects.get() == view


class TestWhoSees:
    def test_the_own_ones_and_those_shared_of_lists_that_one_may_open(self):
        me, other = UserFactory(), UserFactory(role=User.Role.ADMINISTRATOR)
        mine = SavedViewFactory(owner=me)
        shared = SavedViewFactory(owner=other, is_shared=True)
        SavedViewFactory(owner=other)
        SavedViewFactory(owner=other, is_shared=True, list_key="accounts:people")

        assert set(selectors.saved_views(me)) == {mine, shared}
        assert set(selectors.saved_views(me, list_key="accounts:people")) == set()


@pytest.mark.parametrize(
    ("key", "address"),
    [("campaigns:list", "/campaigns/?stage=live"), ("segments:list", "/segments/?q=vip")],
)
class TestEveryList:
    def test_offers_its_views_and_keeps_what_is_shown(self, login, lead, key, address):
        client = login(lead)
        at = reverse(key)

        page = client.get(at)
        menu = client.get(
            url("saved-views"), headers={**HTMX, "HX-Current-URL": f"http://testserver{address}"}
        )
        saved = client.post(url("view-save"), {"at": address, "name": "Mine"})

        assert 'data-menu="list-views-menu"' in text(page)
        assert f'value="{address}"' in text(menu)
        assert "<html" not in text(menu)
        assert saved.headers["Location"] == address
        assert SavedView.objects.get().list_key == key

    def test_opens_with_the_view_one_has_chosen_until_the_whole_is_asked_for(self, login, lead, key, address):
        client = login(lead)
        view = SavedViewFactory(owner=lead, list_key=key, query=address.partition("?")[2])

        client.post(url("view-default", view.pk))

        at = reverse(key)
        assert client.get(at).headers["Location"] == address
        assert client.get(f"{at}?all=1").status_code == 200
        client.post(url("view-default-clear"), {"at": at})
        assert client.get(at).status_code == 200

    def test_opens_as_a_whole_once_the_view_is_deleted(self, login, lead, key, address):
        client = login(lead)
        view = SavedViewFactory(owner=lead, list_key=key)
        client.post(url("view-default", view.pk))

        client.post(url("view-delete", view.pk))

        assert client.get(reverse(key)).status_code == 200


class TestPages:
    def test_a_taken_name_is_told_beside_the_field(self, login, lead):
        SavedViewFactory(owner=lead, name="Live")

        response = login(lead).post(url("view-save"), {"at": LIVE, "name": "Live"})

        assert "You have a view of this name here already." in text(response)
        assert 'value="Live"' in text(response)

    def test_a_marketer_cannot_share(self, login):
        marketer = UserFactory()
        view = SavedViewFactory(owner=marketer)
        client = login(marketer)

        client.post(url("view-save"), {"at": LIVE, "name": "Mine", "is_shared": "on"})
        refused = client.post(url("view-share", view.pk), {"is_shared": "on"})

        assert refused.status_code == 403
        assert not SavedView.objects.filter(is_shared=True).exists()

    def test_a_lead_shares_and_the_others_may_open_it_but_not_change_it(self, login, lead, client):
        view = SavedViewFactory(owner=lead)
        login(lead).post(url("view-share", view.pk), {"is_shared": "on"})
        client.force_login(UserFactory())

        assert view.name in text(client.get(url("saved-views"), {"at": "/campaigns/"}))
        assert client.post(url("view-delete", view.pk)).status_code == 403
        assert SavedView.objects.get().is_shared is True

    def test_somebody_elses_own_view_does_not_exist(self, login):
        view = SavedViewFactory()

        assert login(UserFactory()).post(url("view-rename", view.pk), {"name": "x"}).status_code == 404

    def test_the_list_keeps_its_filter_in_every_way_of_showing(self, login, lead):
        BareCampaignFactory(captain=lead)

        page = text(login(lead).get("/campaigns/?stage=idea&from=2030-01-01"))

        for way in ("board", "calendar", "timeline", "sheet"):
            assert f"?stage=idea&amp;from=2030-01-01&amp;view={way}" in page


class TestApi:
    def test_views_are_kept_renamed_and_deleted(self, api, lead):
        client = api(lead, "saved-views:read", "saved-views:write")

        made = client.post(
            "/api/v1/saved-views/",
            {"list_key": "campaigns:list", "name": "Live", "query": "stage=live"},
            format="json",
        )
        renamed = client.patch(f"/api/v1/saved-views/{made.data['id']}/", {"name": "Running"}, format="json")
        listed = client.get("/api/v1/saved-views/", {"list_key": "campaigns:list"})
        gone = client.delete(f"/api/v1/saved-views/{made.data['id']}/")

        assert made.data["url"] == "/campaigns/?stage=live"
        assert renamed.data["name"] == "Running"
        assert [view["name"] for view in listed.data["results"]] == ["Running"]
        assert gone.status_code == 204
