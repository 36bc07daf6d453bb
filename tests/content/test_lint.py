import pytest

from apps.content.lint import KnownAttribute, Level, errors, lint
from apps.content.lint.structure import address_problem
from apps.content.rendering import EmailSource, Part
from apps.content.starters import STARTERS, starter_source
from tests.content.mails import mjml

WAY_OUT = '<a href="{{ unsubscribe_url }}">Unsubscribe</a><a href="https://shop.net/">Shop</a>'
KNOWN = [
    KnownAttribute("first_name", "First name"),
    KnownAttribute("city", "City"),
    KnownAttribute("margin", "Margin", may_print=False),
    KnownAttribute("new_key", "New key", is_defined=False),
    KnownAttribute("score", "Score", may_print=False, override="Part of the offer."),
]


def found(
    inner="", *, subject="Hello", preheader="Come and see", text="Bye {{ unsubscribe_url }}", way_out=WAY_OUT
):
    """Return (level, code, line) of each finding on an e-mail that is right but for what is given."""
    source = EmailSource(subject, preheader, mjml(f"{inner}\n{way_out}"), text)
    return [(one.level.value, one.code, one.line) for one in lint(source, source.compile(), KNOWN)]


def test_an_email_that_is_right_is_not_talked_about():
    assert found('Dear {{ contact.first_name | default: "reader" }}') == []


class TestVariables:
    @pytest.mark.parametrize(
        ("inner", "finding"),
        [
            ("\n{{ contact.first_name }}", ("warning", "no-fallback", 3)),
            ("{{ contact.first_name | upcase }}", ("warning", "no-fallback", 2)),
            ("{{ contact.phone }}", ("warning", "no-fallback", 2)),
            ("\n\n{{ contact.frist_name }}", ("error", "unknown-attribute", 4)),
            ("{{ contact.frist_name | default: 'x' }}", ("warning", "unknown-attribute", 2)),
            ("{% if contact.frist_name %}x{% endif %}", ("warning", "unknown-attribute", 2)),
            ("{{ contact.margin | default: '0' }}", ("error", "forbidden-attribute", 2)),
            ("{% if contact.margin > 3 %}x{% endif %}", ("error", "forbidden-attribute", 2)),
            ("{{ contact.city | default: contact.margin }}", ("error", "forbidden-attribute", 2)),
            ("{{ contact.score | default: '0' }}", ("note", "overridden-attribute", 2)),
            ("{{ contact.new_key | default: '' }}", ("note", "undefined-attribute", 2)),
            ("{{ first_name }}", ("error", "unknown-variable", 2)),
            ("{{ something }}", ("error", "unknown-variable", 2)),
            ("{{ campaign.nmae }}", ("error", "unknown-variable", 2)),
            ("{% assign k = 'margin' %}\n{{ contact[k] }}", ("error", "computed-attribute", 3)),
            ("{% assign k = 'margin' %}{{ contact[k] | default: 'x' }}", ("error", "computed-attribute", 2)),
            ("{% if contact[contact.email] %}x{% endif %}", ("error", "computed-attribute", 2)),
            ("{% assign k = 'contact' %}{{ [k].margin }}", ("error", "computed-attribute", 2)),
            ("{{ contact.city[contact.email] }}", ("error", "computed-attribute", 2)),
            ("{{ contact[0] }}", ("error", "unknown-attribute", 2)),
            ("{{ contact['margin'] }}", ("error", "forbidden-attribute", 2)),
        ],
    )
    def test_each_is_found_where_it_stands(self, inner, finding):
        assert found(inner) == [finding]

    @pytest.mark.parametrize(
        "inner",
        [
            "{{ contact.email }}",
            "{{ contact.first_name | default: '' }}",
            "{{ contact.first_name | capitalize | default: 'you' }}",
            "{% if contact.city %}{{ contact.city }}{% endif %}",
            "{% if contact.first_name and contact.city %}{{ contact.city }}{% endif %}",
            "{% assign name = contact.city | default: 'x' %}{{ name }}",
            "{% for word in contact.first_name %}{{ word }} {{ forloop.index }}{% endfor %}",
            "{{ campaign.name }} {{ message.name }} {{ now | date: '%Y' }}",
            "{% comment %}{{ contact.nothing }}{% endcomment %}",
            "{% raw %}{{ contact.nothing }}{% endraw %}",
        ],
    )
    def test_these_are_right(self, inner):
        assert found(inner) == []

    def test_a_fallback_elsewhere_does_not_help(self):
        assert found("{% if contact.city %}x{% endif %}{{ contact.city }}") == [("warning", "no-fallback", 2)]

    def test_every_part_is_read(self):
        bare = "{{ contact.city }}"

        assert found(subject=bare, preheader=bare, text=f"{bare} {{{{ unsubscribe_url }}}}") == [
            ("warning", "no-fallback", 1),
            ("warning", "no-fallback", 1),
            ("warning", "no-fallback", 1),
        ]

    def test_a_near_name_is_suggested(self):
        source = EmailSource(
            "s", "p", mjml(f"{{{{ contact.frist_name }}}}{WAY_OUT}"), "{{ unsubscribe_url }}"
        )

        (finding,) = lint(source, source.compile(), KNOWN)

        assert "Did you mean “first_name”?" in finding.message
        assert (finding.part, finding.column) == (Part.MJML, 13)


class TestLinksAndImages:
    @pytest.mark.parametrize(
        ("inner", "finding"),
        [
            ('\n<a href="">x</a>', ("warning", "empty-link", 3)),
            ('<a href="#">x</a>', ("warning", "empty-link", 2)),
            ('<a href="shop.net/spring">x</a>', ("error", "broken-link", 2)),
            ('<a href="https://shop.net/a b">x</a>', ("error", "broken-link", 2)),
            ('<a href="http://localhost:8000/">x</a>', ("error", "broken-link", 2)),
            ('<a href="https://192.168.1.7/">x</a>', ("error", "broken-link", 2)),
            ('<a href="javascript:alert(1)">x</a>', ("error", "broken-link", 2)),
            ('<a href="https://shop/">x</a>', ("error", "broken-link", 2)),
            ('<a href="https://[x/">x</a>', ("error", "broken-link", 2)),
            ('<a href="https://example.com/">x</a>', ("warning", "placeholder-link", 2)),
            (
                '{% for w in contact.city %}<a href="https://shop.net/{{ w }}">x</a>{% endfor %}',
                ("note", "untracked-link", 2),
            ),
            ('\n<img src="https://shop.net/a.png">', ("warning", "no-alt", 3)),
            ('<img src="a.png" alt="">', ("error", "broken-image", 2)),
            ('<img alt="x">', ("error", "broken-image", 2)),
            ("\n<script>1</script>", ("warning", "not-in-mail", 3)),
            ('<form action="https://shop.net/"></form>', ("warning", "not-in-mail", 2)),
            ('<b onclick="x()">b</b>', ("warning", "not-in-mail", 2)),
        ],
    )
    def test_each_is_found_where_it_stands(self, inner, finding):
        assert found(inner) == [finding]

    @pytest.mark.parametrize(
        "inner",
        [
            '<a href="https://shop.net/?a=1&amp;b=2#c">x</a>',
            '<a href="mailto:a@shop.net">x</a> <a href="tel:+41">x</a> <a href="#top">x</a>',
            '<a href="https://shop.net/?e={{ contact.email | url_encode }}">x</a>',
            '<a href="{{ view_url }}">x</a>',
            '<img src="https://shop.net/a.png" alt="">',
        ],
    )
    def test_these_are_right(self, inner):
        assert found(inner) == []

    def test_the_images_of_mjml_are_images(self):
        inner = '</mj-text>\n<mj-image src="https://shop.net/a.png" href="shop" /><mj-text>'

        assert found(inner) == [("error", "broken-link", 3), ("warning", "no-alt", 3)]

    @pytest.mark.parametrize(
        "url", ["https://shop.net", "http://a.b.c:8080/x?y#z", "https://xn--bcher-kva.ch/"]
    )
    def test_an_address_that_works_has_no_problem(self, url):
        assert address_problem(url) == ""


SHOP = '<a href="https://shop.net/">Shop</a>'
OUT = '<a href="{{ unsubscribe_url }}">Unsubscribe</a>'


class TestWayOut:
    @pytest.mark.parametrize(
        "way_out",
        [
            "<!-- {{ unsubscribe_url }} -->",
            f"<!-- {OUT} -->",
            "{{ unsubscribe_url }}",
            "{% if unsubscribe_url %}Unsubscribe{% endif %}",
            "{% assign there = unsubscribe_url %}",
            f"{{% comment %}}{OUT}{{% endcomment %}}",
            f"{{% comment %}}{{% if contact.city %}}{{% endcomment %}}{{% comment %}}{OUT}{{% endcomment %}}",
            f"{{% capture out %}}{OUT}{{% endcapture %}}",
            f"{{% raw %}}{OUT}{{% endraw %}}",
            '<a href="{{ unsubscribe_url }}"> </a>',
            '<a href="{{ unsubscribe_url }}" style="display: none">Unsubscribe</a>',
            f'<span style="display:none">{OUT}</span>',
            '<a href="https://shop.net/?to={{ unsubscribe_url }}">Unsubscribe</a>',
            '<a title="{{ unsubscribe_url }}" href="https://shop.net/">Unsubscribe</a>',
        ],
    )
    def test_a_mention_that_nobody_can_follow_is_none(self, way_out):
        assert "no-unsubscribe" in {code for _level, code, _line in found(way_out=f"{way_out}{SHOP}")}

    def test_a_title_is_none(self):
        head = "<mj-head><mj-title>{{ unsubscribe_url }}</mj-title></mj-head>"
        source = EmailSource("Hello", "Come", mjml(SHOP, head=head), "Bye {{ unsubscribe_url }}")

        assert [one.code for one in lint(source, source.compile(), KNOWN)] == ["no-unsubscribe"]

    @pytest.mark.parametrize(
        "way_out",
        [
            f"{{% if contact.city %}}{OUT}{{% endif %}}",
            f"{{% if contact.city %}}{OUT}{{% else %}}Bye{{% endif %}}",
            f"{{% if contact.city %}}{OUT}{{% elsif contact.phone %}}{OUT}{{% endif %}}",
            f"{{% for word in contact.city %}}{OUT}{{% else %}}{OUT}{{% endfor %}}",
            f"{{% case contact.city %}}{{% when 'Rome' %}}{OUT}{{% endcase %}}",
        ],
    )
    def test_a_link_that_some_readers_do_not_get_is_an_error(self, way_out):
        source = EmailSource("Hello", "Come", mjml(f"{way_out}{SHOP}"), "Bye {{ unsubscribe_url }}")

        (finding,) = errors(lint(source, source.compile(), KNOWN))

        assert finding.code == "no-unsubscribe"
        assert "depends on a condition" in finding.message

    @pytest.mark.parametrize(
        "way_out",
        [
            OUT,
            "<a class='x' href='{{- unsubscribe_url -}}'><b>{{ campaign.name }}</b></a>",
            '<a href="{{ unsubscribe_url }}"><img src="https://shop.net/x.png" alt="Unsubscribe"></a>',
            f"{{% if contact.city %}}{OUT}{{% endif %}}{OUT}",
            f"{{% if contact.city %}}{OUT}{{% else %}}{OUT}{{% endif %}}",
            f"{{% case contact.city %}}{{% when 'Rome' %}}{OUT}{{% else %}}{OUT}{{% endcase %}}",
            f"{{% unless contact.city %}}{{% if contact.phone %}}{OUT}{{% else %}}{OUT}{{% endif %}}"
            f"{{% else %}}{OUT}{{% endunless %}}",
        ],
    )
    def test_a_link_that_every_reader_gets_is_right(self, way_out):
        assert found(way_out=f"{way_out}{SHOP}") == []

    def test_a_button_of_mjml_is_a_link(self):
        button = '</mj-text><mj-button href="{{ unsubscribe_url }}">Unsubscribe</mj-button><mj-text>'

        assert found(way_out=f"{button}{SHOP}") == []


class TestTheWhole:
    @pytest.mark.parametrize(
        ("changes", "finding"),
        [
            ({"subject": ""}, ("error", "no-subject", 0)),
            ({"subject": "Hello\r\nBcc: all@evil.example"}, ("error", "subject-lines", 0)),
            ({"subject": "x" * 61}, ("warning", "long-subject", 0)),
            ({"preheader": ""}, ("note", "no-preheader", 0)),
            ({"text": ""}, ("note", "text-made", 0)),
            ({"text": "Bye"}, ("warning", "no-unsubscribe", 0)),
            ({"way_out": '<a href="https://shop.net/">Shop</a>'}, ("error", "no-unsubscribe", 0)),
            ({"way_out": '<a href="{{ unsubscribe_url }}">x</a>'}, ("warning", "no-link", 0)),
            ({"inner": "x" * 105_000}, ("warning", "too-big", 0)),
        ],
    )
    def test_is_judged_too(self, changes, finding):
        assert found(**changes) == [finding]

    def test_the_worst_comes_first(self):
        levels = [level for level, _code, _line in found("{{ contact.city }}{{ nothing }}", preheader="")]

        assert levels == ["error", "warning", "note"]

    def test_errors_are_what_keeps_it_from_being_sent(self):
        source = EmailSource("", "", mjml("{{ contact.city }}"), "")

        kept_back = errors(lint(source, source.compile(), KNOWN))

        assert {finding.code for finding in kept_back} == {"no-subject", "no-unsubscribe"}


@pytest.mark.parametrize("key", STARTERS)
def test_a_starter_needs_words_and_addresses_only(key):
    source = starter_source(key)

    findings = lint(source, source.compile(), [KnownAttribute("first_name", "First name"), KNOWN[1]])

    assert {finding.code for finding in findings if finding.level != Level.NOTE} == {"placeholder-link"}
