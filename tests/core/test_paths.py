import pytest
from django.urls import NoReverseMatch, reverse, set_script_prefix

from apps.core.paths import path_to


@pytest.mark.parametrize(
    ("name", "args"),
    [("campaigns:detail", [7]), ("campaigns:wizard", [7, "goal"]), ("campaigns:wizard", [12, "outcome"])],
)
def test_says_what_reverse_says(name, args):
    assert path_to(name, *args) == reverse(name, args=args)
    assert path_to(name, 8, *args[1:]) == reverse(name, args=[8, *args[1:]])


def test_knows_where_the_product_is_mounted():
    path_to("campaigns:detail", 7)
    set_script_prefix("/plans/")
    try:
        assert path_to("campaigns:detail", 7) == reverse("campaigns:detail", args=[7])
    finally:
        set_script_prefix("/")


def test_refuses_a_page_that_there_is_not():
    with pytest.raises(NoReverseMatch):
        path_to("campaigns:nowhere", 7)
