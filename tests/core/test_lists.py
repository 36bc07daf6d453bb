import pytest
from django.http import QueryDict
from django.template.loader import render_to_string

from apps.accounts.models import User
from apps.core.lists import Column, Filter, ListSpec
from tests.factories.accounts import UserFactory

LIST = ListSpec(
    columns=[
        Column("Name", sort="name"),
        Column("E-mail"),
        Column("Joined", sort="date_joined", descends_first=True),
    ],
    filters=[Filter("role", "Role", [("sales", "Sales"), ("marketer", "Marketer")])],
    default_sort="-date_joined",
    size=2,
    csv_url="/people.csv",
)


def read(text=""):
    return LIST.read(QueryDict(text))


class TestRead:
    def test_takes_from_the_url_what_the_list_can_do(self):
        asked = read("q=+Ada+&role=sales&sort=-name")

        assert (asked.search, asked.values, asked.sort) == ("Ada", {"role": "sales"}, "-name")
        assert asked.is_narrowed is True

    @pytest.mark.parametrize("text", ["", "role=king", "sort=password", "sort=", "q=%00", "cursor=x"])
    def test_ignores_what_it_cannot_do_so_that_old_links_open(self, text):
        asked = read(text)

        assert (asked.search, asked.values, asked.sort) == ("", {}, "-date_joined")
        assert asked.is_narrowed is False


@pytest.mark.django_db
class TestPage:
    def test_walks_to_the_end_and_back_with_search_and_order_kept(self):
        for name in "abc":
            UserFactory(name=name)

        first = read("q=x&sort=name").page(User.objects.all())
        second = read(first.older_url[1:]).page(User.objects.all())
        back = read(second.newer_url[1:]).page(User.objects.all())

        assert [user.name for user in first.rows] == ["a", "b"]
        assert [user.name for user in second.rows] == ["c"]
        assert [user.name for user in back.rows] == ["a", "b"]
        assert (first.newer_url, second.older_url) == ("", "")
        assert second.asked.search == "x"

    def test_costs_one_query(self, django_assert_num_queries):
        UserFactory.create_batch(3)

        with django_assert_num_queries(1):
            read().page(User.objects.all())

    def test_heads_say_how_the_rows_are_sorted_and_turn_on_a_click(self):
        names, mails, joined = read("sort=name&cursor=x").page(User.objects.all()).heads

        assert (names.sorted, names.url) == ("ascending", "?sort=-name")
        assert (mails.sorted, mails.url) == ("", "")
        assert (joined.sorted, joined.url) == ("", "?sort=-date_joined")

    def test_each_chip_takes_off_its_filter_and_leaves_the_rest(self):
        listing = read("q=Ada&role=sales&sort=name").page(User.objects.all())

        assert [(str(chip.label), str(chip.value), chip.url) for chip in listing.chips] == [
            ("", "“Ada”", "?role=sales&sort=name"),
            ("Role", "Sales", "?q=Ada&sort=name"),
        ]
        assert listing.clear_url == "?sort=name"
        assert listing.kept == [("sort", "name")]

    def test_the_csv_has_the_same_filters_and_no_page(self):
        listing = read("q=Ada&cursor=x").page(User.objects.all())

        assert listing.csv_url == "/people.csv?q=Ada"

    def test_prints_as_a_form_that_needs_no_script(self, rf):
        listing = read("q=%22Ada%22&role=sales").page(User.objects.all())

        printed = render_to_string("components/list_toolbar.html", {"listing": listing}, rf.get("/people/"))

        assert 'value="&quot;Ada&quot;"' in printed
        assert '<option value="sales" selected>Sales</option>' in printed
        assert 'type="submit"' in printed
