import json
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.contacts.models import QualityFinding
from apps.segments import services
from apps.segments.models import ContactList, Segment
from apps.segments.selectors import Count, Preview, segment_search
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.contacts import AttributeFactory, ContactFactory, EventTypeFactory, QualityScanFactory
from tests.factories.messaging import MessageFactory
from tests.factories.segments import ContactListFactory, SegmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dictionary")]
HTMX = {"HX-Request": "true"}
ROME = {"attribute": "city", "op": "eq", "value": "Rome"}


def form(*rows, match="all", **fields):
    """Return what the builder posts for these rows of one group."""
    posted = {"r:kind": "group", "r:match": match, **fields}
    for place, row in enumerate(rows):
        posted |= {f"r.{place}:{name}": text for name, text in row.items()}
    return posted


def attribute(key, op="eq", **texts):
    return {"kind": "attribute", "key": key, "op": op, **texts}


@pytest.fixture
def browser(login, lead):
    return login(lead)


@pytest.fixture
def sales(db):
    return UserFactory(role="sales")


class TestSegmentCreate:
    url = "/segments/new/"

    def test_begins_with_one_empty_row(self, browser):
        page = browser.get(self.url)

        assert b"<html" in page.content
        assert b'id="r-0-key"' in page.content
        assert b"The rule is not complete yet." in page.content

    def test_keeps_what_was_built(self, browser, lead):
        response = browser.post(
            self.url,
            form(
                attribute("city", value="Rome"),
                {"kind": "event", "name": "order", "did": "did", "count_op": "gte", "count": "2"},
                name="Romans",
                description="Who buys",
            ),
        )

        segment = Segment.objects.get()
        assert response.headers["Location"] == f"/segments/{segment.pk}/"
        assert (segment.name, segment.description, segment.by) == ("Romans", "Who buys", lead)
        assert segment.rule == {"all": [ROME, {"event": "order", "did": True, "count": {"gte": 2}}]}

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_tells_why_it_refused_and_keeps_what_was_typed(self, browser, headers):
        response = browser.post(
            self.url,
            form(attribute("visits", value="many"), attribute("city", value="Rome"), name="Romans"),
            headers=headers,
        )

        assert response.status_code == HTTPStatus.OK
        assert b"The rule is not complete: see the marked rows." in response.content
        assert b"This has to be a number." in response.content
        assert b'value="many"' in response.content
        assert b'value="Romans"' in response.content
        assert not Segment.objects.exists()

    def test_tells_of_a_taken_name_beside_the_name(self, browser):
        SegmentFactory(name="Romans")

        response = browser.post(self.url, form(attribute("city", value="Rome"), name="Romans"))

        assert "There is a segment “Romans” already.".encode() in response.content
        assert b'value="Rome"' in response.content
        assert Segment.objects.count() == 1

    def test_a_post_that_comes_twice_keeps_one(self, browser):
        posted = form(attribute("city", value="Rome"), name="Romans")

        browser.post(self.url, posted)
        browser.post(self.url, posted)

        assert Segment.objects.count() == 1

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_acts_change_the_form_and_keep_nothing(self, browser, headers):
        response = browser.post(
            self.url,
            form(attribute("city", value="Rome"), name="Ro", act="add-group r"),
            headers=headers,
        )

        assert (b"<html" in response.content) is (not headers)
        assert b'id="r-1-0-kind"' in response.content
        assert b'value="Rome"' in response.content
        assert response.headers["HX-Trigger-After-Settle"] == "rule-changed"
        assert "HX-Request" in response.headers["Vary"]
        assert not Segment.objects.exists()

    def test_another_kind_of_row_forgets_the_fields_of_the_former(self, browser):
        row = {"kind": "consent", "was": "attribute", "key": "city", "op": "eq", "value": "x"}

        response = browser.post(self.url, form(row, act="refresh"), headers=HTMX)

        assert b'id="r-0-channel"' in response.content
        assert b'value="x"' not in response.content

    def test_counts_without_script(self, browser):
        ContactFactory(attributes={"city": "Rome"})

        page = browser.post(self.url, form(attribute("city", value="Rome"), act="count"))

        assert b"Reachable by e-mail" in page.content
        assert b"1 contacts" in page.content

    def test_offers_values_and_events_that_are_known(self, browser):
        ContactFactory.create_batch(2, attributes={"city": "Trondheim"})
        EventTypeFactory(name="order", properties={"total": "number"})

        response = browser.post(
            self.url,
            form(attribute("city"), {"kind": "event", "name": "order"}, act="refresh"),
            headers=HTMX,
        )

        assert b'<option value="Trondheim">' in response.content
        assert b'<option value="order">' in response.content
        assert b'<option value="total">' in response.content

    def test_costs_the_same_for_one_row_and_for_many(self, browser, django_assert_num_queries):
        rows = [attribute("city", value=str(n)) for n in range(20)]

        with django_assert_num_queries(5):
            browser.post(self.url, form(rows[0], act="refresh"), headers=HTMX)
        with django_assert_num_queries(5):
            browser.post(self.url, form(*rows, act="refresh"), headers=HTMX)

    def test_is_not_for_those_who_only_look(self, login, sales):
        response = login(sales).post(self.url, form(attribute("city", value="Rome"), name="Romans"))

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not Segment.objects.exists()


class TestSegmentChange:
    def test_shows_the_rule_as_it_is_and_keeps_another(self, browser):
        segment = SegmentFactory(rule={"any": [ROME, {"none": [{"event": "order", "did": False}]}]})
        url = f"/segments/{segment.pk}/edit/"

        page = browser.get(url)
        browser.post(url, form(attribute("city", value="Oslo"), name=segment.name))

        assert b'value="Rome"' in page.content
        assert b'id="r-1-0-name"' in page.content
        segment.refresh_from_db()
        assert segment.rule == {"all": [ROME | {"value": "Oslo"}]}

    @pytest.mark.parametrize("is_gone", [False, True])
    def test_offers_the_message_and_campaign_that_a_row_names_whatever_became_of_them(self, browser, is_gone):
        draft, campaign = MessageFactory(name="Still a draft"), CampaignFactory(name="Never begun")
        pks = {"message": draft.pk, "campaign": campaign.pk}
        if is_gone:
            pks = dict.fromkeys(pks, 10**12)
        segment = SegmentFactory(rule={"all": [{"did": "opened", "within": "30d", **pks}]})

        page = browser.get(f"/segments/{segment.pk}/edit/").content.decode()

        named = {"message": draft.name, "campaign": campaign.name}
        for name, pk in pks.items():
            shown = f"a {name} that is gone" if is_gone else named[name]
            assert f'<option value="{pk}" selected>{shown}</option>' in page

    def test_a_time_between_two_keeps_its_hour(self, browser):
        AttributeFactory(key="seen", type="datetime")
        between = {"attribute": "seen", "op": "between", "value": ["2030-01-02T03:04:05Z", "2030-02-01"]}
        segment = SegmentFactory(rule={"all": [between]})

        page = browser.get(f"/segments/{segment.pk}/edit/").content.decode()

        # An input for days would be empty of it.
        assert 'value="2030-01-02T03:04:05Z" inputmode' in page
        assert 'value="2030-02-01" type="date"' in page

    def test_what_another_tab_has_saved_is_not_taken_back_unseen(self, browser):
        segment = SegmentFactory(rule=ROME)
        url = f"/segments/{segment.pk}/edit/"
        seen_at = browser.get(url).context["form"]["seen_at"].value()
        row = attribute("city", value="Rome")
        browser.post(url, form(row, name="Romans", seen_at=seen_at))

        refused = browser.post(url, form(row, name="People of Rome", seen_at=seen_at), headers=HTMX)

        assert b"has saved this since you opened it" in refused.content
        assert b'value="People of Rome"' in refused.content
        assert Segment.objects.get().name == "Romans"
        browser.post(url, form(row, name="People of Rome", seen_at=refused.context["form"].data["seen_at"]))
        assert Segment.objects.get().name == "People of Rome"

    def test_a_rule_that_comes_back_to_itself_is_told_at_its_row(self, browser):
        segment = SegmentFactory(rule=ROME)

        response = browser.post(
            f"/segments/{segment.pk}/edit/",
            form({"kind": "segment", "id": str(segment.pk), "member": "in"}, name="x"),
        )

        assert b"refers back to this segment" in response.content
        segment.refresh_from_db()
        assert segment.rule == ROME


class TestRulePreview:
    def post(self, browser, *rows, **fields):
        return browser.post("/segments/preview/", form(*rows, **fields), headers=HTMX)

    def test_answers_number_people_and_why(self, browser):
        ContactFactory(email="ann@example.com", attributes={"city": "Rome"})
        ContactFactory()

        response = self.post(browser, attribute("city", value="Rome"))

        assert b"<html" not in response.content
        text = response.content.decode()
        assert '<p class="rule-number" id="segment-count" title="">1</p>' in text
        assert "ann@example.com" in text
        assert "Everyone where “City” is “Rome”." in text
        assert '<span class="rule-share" id="r-0-share" hx-swap-oob="true">≈ 50\xa0%</span>' in text

    def test_waits_for_rows_that_are_not_finished(self, browser):
        response = self.post(browser, attribute("city", value=""), attribute("visits", value="many"))

        text = response.content.decode()
        assert "Finish the rule" in text
        assert 'id="r-0-note"' not in text  # still being typed
        assert 'id="r-1-note" hx-swap-oob="true">This has to be a number.' in text

    def test_says_when_nobody_is_found(self, browser):
        assert b"Nobody is in it." in self.post(browser, attribute("city", value="Rome")).content

    def test_says_nothing_for_certain_when_only_some_were_asked(self, browser, monkeypatch):
        found = Preview(Count(0, 0, 291), 379_402, (), ())
        monkeypatch.setattr("apps.segments.selectors.rule_preview", lambda *_told, **_more: found)

        text = self.post(browser, attribute("city", value="Rome")).content.decode()

        assert "fewer than 291" in text
        assert "Nobody is in it." not in text
        assert "Calculate it exactly to know whether anybody is." in text

    def test_costs_the_same_for_one_row_and_for_many(self, browser, django_assert_num_queries):
        ContactFactory.create_batch(3, attributes={"city": "Rome"})
        rows = [attribute("city", value="Rome")] * 20

        with django_assert_num_queries(19):
            self.post(browser, rows[0])
        with django_assert_num_queries(19):
            self.post(browser, *rows)


class TestRuleCheck:
    @pytest.mark.parametrize(
        ("address", "answer"),
        [
            ("ANN@example.com", "In the segment"),
            ("bob@example.com", "Not in the segment"),
            ("nobody@example.com", "Nobody has the address"),
            ("not an address", "Nobody has the address"),
        ],
    )
    def test_says_whether_somebody_is_in_it(self, browser, address, answer):
        ContactFactory(email="ann@example.com", attributes={"city": "Rome"})
        ContactFactory(email="bob@example.com")

        live = browser.post(
            "/segments/check/", form(attribute("city", value="Rome"), check=address), headers=HTMX
        )
        without_script = browser.post(
            "/segments/check/", {"rule": json.dumps({"all": [ROME]}), "check": address}
        )

        assert answer in live.content.decode()
        assert answer in without_script.content.decode()
        assert (b"<html" in live.content, b"<html" in without_script.content) == (False, True)


class TestSegmentList:
    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, browser):
        SegmentFactory(name="Romans")

        page, fragment = browser.get("/segments/"), browser.get("/segments/", headers=HTMX)

        assert b"<html" in page.content
        assert b"<html" not in fragment.content
        for response in (page, fragment):
            assert b"Romans" in response.content

    def test_the_builder_offers_the_archived_only_where_a_row_has_one(self, browser, noon):
        gone = SegmentFactory(name="Gone", archived_at=noon)
        holder = SegmentFactory(rule={"all": [{"segment": gone.pk, "member": True}]})
        SegmentFactory(name="Here")

        def offered(path):
            return [name for _pk, name in browser.get(path).context["page"].segments]

        assert "Gone" not in offered("/segments/new/")
        assert "Here" in offered("/segments/new/")
        assert "Gone" in offered(f"/segments/{holder.pk}/edit/")

    def test_searches_and_keeps_the_archived_apart(self, browser, noon):
        SegmentFactory(name="Romans")
        SegmentFactory(name="Gone", archived_at=noon)

        assert b"Gone" not in browser.get("/segments/").content
        assert b"Gone" in browser.get("/segments/?state=archived").content
        assert b"Romans" not in browser.get("/segments/?q=oslo").content

    def test_says_what_it_is_for_while_there_is_none(self, browser):
        assert b"No segments yet" in browser.get("/segments/").content

    def test_costs_the_same_for_one_and_for_many(self, browser, django_assert_num_queries):
        SegmentFactory()
        with django_assert_num_queries(12):
            browser.get("/segments/", headers=HTMX)
        SegmentFactory.create_batch(20)
        with django_assert_num_queries(12):
            browser.get("/segments/", headers=HTMX)


class TestPanelOfAContact:
    def test_names_the_segments_and_lists_that_a_person_is_in(self, browser, noon):
        ann, other = ContactFactory.create_batch(2)
        segment, gone = SegmentFactory(name="Romans"), SegmentFactory(name="Old", archived_at=noon)
        for one in (segment, gone):
            one.members.create(contact=ann, since_at=noon)
        ContactListFactory(name="Fair").members.create(contact=ann, added_at=noon)
        ContactListFactory(name="Others").members.create(contact=other, added_at=noon)

        page = browser.get(reverse("contacts:detail", args=[ann.pk])).content.decode()
        panel = browser.get(reverse("segments:contact", args=[ann.pk]), headers={"hx-request": "true"})

        assert reverse("segments:contact", args=[ann.pk]) in page
        assert reverse("segments:detail", args=[segment.pk]) in panel.content.decode()
        assert "Fair" in panel.content.decode()
        assert not {"Old", "Others"} & set(panel.content.decode().split())

    def test_says_so_of_who_is_in_none(self, browser):
        panel = browser.get(reverse("segments:contact", args=[ContactFactory().pk]))

        assert "In no segment and on no list." in panel.content.decode()


class TestSegmentDetail:
    def test_shows_rule_people_history_and_uses(self, browser, noon):
        ContactFactory(email="ann@example.com", attributes={"city": "Rome"})
        segment = SegmentFactory(rule=ROME)
        services.segment_refresh(segment=segment, now=noon)
        SegmentFactory(name="Other", rule={"segment": segment.pk})

        text = browser.get(f"/segments/{segment.pk}/").content.decode()

        assert "Everyone where “City” is “Rome”." in text
        assert "ann@example.com" in text
        assert "Segment “Other”" in text

    def test_a_rule_out_of_use_says_so(self, browser, noon):
        segment = SegmentFactory(rule={"attribute": "gone", "op": "exists"})
        services.segment_refresh(segment=segment, now=noon)

        assert "There is no attribute “gone”" in browser.get(f"/segments/{segment.pk}/").content.decode()

    def test_offers_no_change_to_those_who_only_look(self, login, sales):
        text = login(sales).get(f"/segments/{SegmentFactory().pk}/").content

        assert b"Edit the rule" not in text
        assert b"Delete" not in text

    def test_costs_the_same_for_one_person_and_for_many(self, browser, noon, django_assert_num_queries):
        segment = SegmentFactory()
        ContactFactory()
        services.segment_refresh(segment=segment, now=noon)
        with django_assert_num_queries(16):
            browser.get(f"/segments/{segment.pk}/", headers=HTMX)
        ContactFactory.create_batch(20)
        services.segment_refresh(segment=segment, now=noon)
        with django_assert_num_queries(16):
            browser.get(f"/segments/{segment.pk}/", headers=HTMX)


class TestActs:
    @pytest.mark.parametrize("act", ["archive", "delete"])
    def test_what_is_used_stays_and_says_by_what(self, browser, act):
        segment = SegmentFactory()
        SegmentFactory(name="Other", rule={"segment": segment.pk})

        response = browser.post(f"/segments/{segment.pk}/{act}/", follow=True)

        assert "This is still used: Segment “Other”. Take it out there first." in response.content.decode()
        segment.refresh_from_db()
        assert segment.archived_at is None

    def test_archived_restored_duplicated_deleted(self, browser):
        segment = SegmentFactory(name="Romans", rule=ROME)

        browser.post(f"/segments/{segment.pk}/archive/")
        assert not Segment.objects.active().exists()
        browser.post(f"/segments/{segment.pk}/restore/")
        assert Segment.objects.active().exists()
        browser.post(f"/segments/{segment.pk}/duplicate/")
        assert Segment.objects.filter(name="Romans (copy 1)").exists()
        browser.post(f"/segments/{segment.pk}/delete/")
        assert not Segment.objects.filter(name="Romans").exists()

    def test_frozen_into_a_list(self, browser):
        segment = SegmentFactory(rule=ROME)
        ContactFactory(attributes={"city": "Rome"})

        response = browser.post(f"/segments/{segment.pk}/freeze/", {"name": "Romans of today"})

        frozen = ContactList.objects.get()
        assert response.headers["Location"] == f"/segments/lists/{frozen.pk}/"
        assert frozen.size == 1

    def test_a_taken_name_is_refused_in_the_form(self, browser):
        ContactListFactory(name="Taken")

        response = browser.post(f"/segments/{SegmentFactory().pk}/freeze/", {"name": "Taken"})

        assert "There is a list “Taken” already.".encode() in response.content


class TestLists:
    def test_pasting_tells_what_became_of_each_address(self, browser):
        ContactFactory(email="ann@example.com")

        response = browser.post(
            "/segments/lists/new/",
            {"name": "Friends", "text": "ann@example.com, bob@example.com, nonsense"},
            follow=True,
        )

        text = response.content.decode()
        assert "1 person is on the list." in text
        assert "bob@example.com" in text
        assert "nonsense" in text
        again = browser.get(reverse("segments:list_detail", args=[ContactList.objects.get().pk]))
        assert b"bob@example.com" not in again.content

    def test_a_refusal_keeps_what_was_pasted(self, browser):
        response = browser.post("/segments/lists/new/", {"name": " ", "text": "ann@example.com"})

        assert b"ann@example.com" in response.content
        assert not ContactList.objects.exists()

    def test_grow_shrink_are_renamed_and_deleted(self, browser):
        ann = ContactFactory(email="ann@example.com")
        kept = ContactListFactory()
        url = f"/segments/lists/{kept.pk}/"

        browser.post(f"{url}paste/", {"text": "ann@example.com"})
        assert kept.members.get().contact == ann
        browser.post(f"{url}remove/", {"row": [ann.pk, "x"]})
        assert not kept.members.exists()
        browser.post(f"{url}change/", {"name": "Other"})
        kept.refresh_from_db()
        assert (kept.name, kept.size) == ("Other", 0)
        browser.post(f"{url}delete/")
        assert not ContactList.objects.exists()

    def test_are_made_of_what_a_scan_has_found(self, browser, api, lead):
        scan = QualityScanFactory()
        ann, bob, _other = ContactFactory.create_batch(3)
        for contact, detail in ((ann, "email"), (ann, "city"), (bob, "city")):
            QualityFinding.objects.create(scan=scan, rule="completeness", detail=detail, contact=contact)
        url = "/segments/lists/of-findings/completeness/"

        page = browser.get(url, {"detail": "email"}).content.decode()
        browser.post(url, {"name": "Blank", "detail": ""})
        nobody = browser.post(url.replace("completeness", "staleness"), {"name": "Silent"})
        told = api(lead).post(
            "/api/v1/lists/",
            {"name": "No address", "findings": {"rule": "completeness", "detail": "email"}},
            format="json",
        )

        kept = ContactList.objects.get(name="Blank")
        assert ('value="email"' in page, "Something is missing, " in page) == (True, True)
        assert (kept.size, set(kept.members.values_list("contact", flat=True))) == (2, {ann.pk, bob.pk})
        assert "found nobody by this rule" in nobody.content.decode()
        assert (told.status_code, told.json()["list"]["size"], told.json()["added"]) == (201, 1, 1)
        assert ContactList.objects.count() == 2
        assert browser.get(url.replace("completeness", "nonsense")).status_code == HTTPStatus.NOT_FOUND

    def test_one_that_is_used_stays(self, browser):
        kept = ContactListFactory()
        SegmentFactory(name="Other", rule={"list": kept.pk})

        response = browser.post(f"/segments/lists/{kept.pk}/delete/", follow=True)

        assert "This is still used: Segment “Other”. Take it out there first." in response.content.decode()

    def test_costs_the_same_for_one_and_for_many(self, browser, django_assert_num_queries):
        ContactListFactory()
        with django_assert_num_queries(3):
            browser.get("/segments/lists/", headers=HTMX)
        ContactListFactory.create_batch(20)
        with django_assert_num_queries(3):
            browser.get("/segments/lists/", headers=HTMX)


def test_the_search_box_finds_segments_for_those_who_may_see_them(lead):
    segment = SegmentFactory(name="Romans")

    found = segment_search(lead, "roma")

    assert (found.kind, found.url_name, list(found.things)) == ("Segment", "segments:detail", [segment])
    assert segment_search(UserFactory(role="contributor"), "roma") is None
