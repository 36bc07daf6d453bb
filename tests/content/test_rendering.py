import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.content.rendering import (
    DestinationRefused,
    RenderFault,
    TemplateFault,
    compile_email,
    load_email,
    render_url,
)
from apps.content.rendering.faults import Part
from apps.content.rendering.language import HTML, PLAIN, parse
from apps.content.rendering.program import Program
from tests.content.mails import body, email, fill, mjml

HOSTILE = [
    pytest.param("{{7*7}} {% assign a = 1 %}", id="liquid"),
    pytest.param('"><img src=x onerror=alert(1)>', id="html"),
    pytest.param("</p><script>alert(1)</script>", id="script"),
    pytest.param("\u202egnp.exe", id="right-to-left"),
    pytest.param("\U0001d56c\U0001d593 🎉", id="four-bytes"),
    pytest.param("a\r\nBcc: all@example.com", id="line-ends"),
    pytest.param("liquidx0z", id="our-own-mask"),
]


class TestWhatAPersonsDataMayDo:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_it_is_text_in_the_html_whatever_it_looks_like(self, name):
        compiled = email(
            'Hi {{ contact.name }}, <a title="{{ contact.name }}" href="https://a.example">x</a>'
        )

        html = fill(compiled, {"name": name}).html

        escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
        assert body(html) == (f'Hi {escaped}, <a title="{escaped}" href="https://t.example/c/1">x</a>')

    @pytest.mark.parametrize("name", HOSTILE)
    def test_it_stands_as_it_is_in_the_text_part(self, name):
        assert fill(email("Hi {{ contact.name }}!"), {"name": name}).text == f"Hi {name}!\n"

    @pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\x0b", "\u2028", "\x85", "\x1b"])
    def test_it_cannot_begin_a_second_header_line(self, end):
        compiled = email(subject="Hi {{ contact.name }}{{ contact.end }}")

        subject = fill(compiled, {"name": f"a{end}Bcc: all@example.com", "end": end}).subject

        assert subject in {"Hi a Bcc: all@example.com", "Hi aBcc: all@example.com"}

    def test_a_nul_is_left_out(self):
        rendered = fill(email("{{ contact.name }}"), {"name": "a\0b"})

        assert (body(rendered.html), rendered.text) == ("ab", "ab\n")

    @pytest.mark.parametrize("filters", ["escape | escape_once", "url_encode | url_decode", "strip_html"])
    @pytest.mark.parametrize(
        "value", ["<img src=x>", "&lt;img src=x&gt;", "%3Cimg src=x%3E", "PGltZyBzcmM9eD4="]
    )
    def test_no_chain_of_filters_turns_it_into_html(self, filters, value):
        compiled = email(
            "{{ contact.name | FILTERS }}{{ contact.name | FILTERS | upcase }}".replace("FILTERS", filters)
        )

        assert "<img" not in fill(compiled, {"name": value}).html.lower()

    def test_base64_does_not_smuggle_html_in(self):
        compiled = email("{{ contact.name | base64_decode }}")

        assert body(fill(compiled, {"name": "PGltZyBzcmM9eD4="}).html) == "&lt;img src=x&gt;"


class TestWhatATemplateMayDo:
    @pytest.mark.parametrize(
        ("inner", "said"),
        [
            ("{{ contact.city }}", "Paris"),
            ("{{ contact.city | default: 'x' }}", "Paris"),
            ("{{ contact.nothing }}", ""),
            ("{{ contact.nothing | default: 'x' }}", "x"),
            ("{{ contact.nothing.at.all }}", ""),
            ("{{ nobody }}", ""),
            ("{% if contact.orders > 2 %}many{% else %}few{% endif %}", "many"),
            ("{% if contact.orders < 2 %}few{% endif %}", ""),
            ("{% for tag in contact.tags %}{{ forloop.index }}{{ tag }} {% endfor %}", "1a 2b"),
            ("{% assign x = contact.city | upcase %}{{ x }}{{ x }}", "PARISPARIS"),
            ("{{ contact.spent | round: 1 }}", "12.3"),
            ("{{ contact.birthday | date: '%d.%m.%Y' }}", "31.12.1990"),
            ("{{ contact.vip }}{{ contact.orders }}", "true3"),
            ("{% raw %}{{ contact.city }}{% endraw %}", "{{ contact.city }}"),
            ("{{ campaign.name }}, {{ message.name }}", "Spring, Invitation"),
            ("{% comment %}{{ contact.city }}{% endcomment %}", ""),
        ],
    )
    def test_says_what_liquid_says(self, inner, said):
        attributes = {
            "city": "Paris",
            "orders": 3,
            "tags": ["a", "b"],
            "spent": 12.345,
            "birthday": "1990-12-31",
            "vip": True,
        }

        assert body(fill(email(inner), attributes).html) == said

    def test_liquid_may_choose_between_whole_sections(self):
        section = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"
        compiled = compile_email(
            "s",
            "",
            f"""<mjml><mj-body>
            {{% if contact.vip %}}{section.format("Very important")}{{% else %}}{section.format("Hello")}
            {{% endif %}}</mj-body></mjml>""",
            "",
        )

        assert fill(compiled, {"vip": True}).text.strip() == "Very important"
        assert fill(compiled, {"vip": False}).text.strip() == "Hello"
        assert "Very important" not in fill(compiled, {"vip": False}).html

    @pytest.mark.parametrize(
        "attribute", ["Grüße", "日本", "a \\ b", "\u0301x", "\u200fabc", "say &quot;x&quot;", "two\nlines"]
    )
    def test_attributes_are_copied_faithfully(self, attribute):
        compiled = compile_email(
            "s",
            "",
            "<mjml><mj-body><mj-section><mj-column>"
            f'<mj-image src="https://a.example/a.png" alt="{attribute}"/>'
            "</mj-column></mj-section></mj-body></mjml>",
            "",
        )

        assert f'alt="{attribute.replace(chr(10), " ")}"' in compiled.html

    def test_words_in_neighbouring_tags_do_not_grow_together(self):
        assert fill(email("<b>one</b>\n<i>two</i>")).text == "one two\n"

    def test_nothing_is_fetched_from_elsewhere_unless_written(self):
        assert "https://" not in email("x").html

    def test_the_preheader_is_hidden_before_everything_and_not_in_the_text(self):
        compiled = email("Body", preheader="For {{ contact.name }} & <you>")

        rendered = fill(compiled, {"name": "<Ann>"})

        hidden = rendered.html.partition("<body")[2].partition("</div>")[0]
        assert "display:none" in hidden
        assert "For &lt;Ann&gt; &amp; &lt;you&gt;" in hidden
        assert rendered.text == "Body\n"


class TestCompileEmailRefuses:
    @pytest.mark.parametrize(
        ("inner", "line", "reason"),
        [
            ("\n{{ contact.name", 3, "“{{” is never closed"),
            ("\n{% if a %}", 3, "{% if %} is never closed"),
            ("{% if a %}{% endfor %}", 2, "{% if %} is still open"),
            ("\n\n{% endif %}", 4, "has nothing to close"),
            ("{{ }}", 2, "nothing between these braces"),
            ("{% %}", 2, "A tag needs a name"),
            ("{% fro a in b %}", 2, "Did you mean {% for %}"),
            ("\n{{ a b }}", 3, "Expected end of expression"),
            ("\n{{ contact.name | upcas }}", 3, "Did you mean “upcase”"),
            ("{{ contact.name | safe }}", 2, "There is no filter “safe”"),
            ("{% include 'x' %}", 2, "{% include %} is not allowed"),
            ("{% render 'x' %}", 2, "{% render %} is not allowed"),
            ("{% assign contact = 1 %}", 2, "“contact” is taken"),
            ("{% for message in contact.tags %}{% endfor %}", 2, "“message” is taken"),
            ("{% capture unsubscribe_url %}x{% endcapture %}", 2, "“unsubscribe_url” is taken"),
            ("{{ (1..9999999999) | join: 'x' }}", 2, "can only be looped over"),
            ("{% if (1..9999999999) contains 'x' %}{% endif %}", 2, "can only be looped over"),
            ("{% raw %}", 2, "{% raw %} is never closed"),
            ("\n<b>x", 3, "</mj-text> comes before </b>: <b> of line 3 is still open"),
            ("\n<mj-foo/>", 3, "There is no <mj-foo>"),
            ("\n1 < 2", 3, "write “&lt;”"),
            ("<a href=https://a.example>x</a>", 2, "needs quotes"),
            ('<mj-include path="/etc/passwd"/>', 2, "<mj-include> is not allowed"),
            ("</mj-text>Loose<mj-text>", 2, "Text cannot stand directly in <mj-column>"),
            ("</mj-text>&amp;<mj-text>", 2, "cannot stand here"),
            ("a\0b", 2, "no e-mail can hold"),
            ("<b>" * 100 + "</b>" * 100, 2, "nested more than 60 deep"),
            ("x" * 256_001, 1, "longer than 256,000"),
            ("{{ a }}" * 1_001, 1, "more Liquid"),
            ("{{ a" + " | upcase" * 6_000 + " }}", 1, "more Liquid"),
        ],
    )
    def test_with_the_line_and_a_sentence(self, inner, line, reason):
        with pytest.raises(TemplateFault, match="Line") as caught:
            email(inner)

        fault = caught.value
        assert (fault.part, fault.line) == (Part.MJML, line)
        assert reason in fault.reason

    @pytest.mark.parametrize("source", ["", "hello", "<html></html>", "<mjml></mjml>", "<mjml><mj-body>"])
    def test_what_is_no_mjml(self, source):
        with pytest.raises(TemplateFault, match="Line 1"):
            compile_email("s", "", source, "")

    @pytest.mark.parametrize("part", [Part.SUBJECT, Part.PREHEADER, Part.TEXT])
    def test_faults_in_the_other_parts(self, part):
        parts = {"subject": "s", "preheader": "", "text": ""} | {str(part): "a {{ b"}

        with pytest.raises(TemplateFault, match="never closed") as caught:
            compile_email(parts["subject"], parts["preheader"], mjml("x"), parts["text"])

        assert (caught.value.part, caught.value.line, caught.value.column) == (part, 1, 3)

    @pytest.mark.parametrize(
        "source",
        ["{{" * 50_000, "{% raw %}" * 20_000, "{{" + " " * 100_000 + "}}", "{% if" + " " * 100_000 + "%}"],
    )
    def test_at_once_what_would_keep_the_lexer_busy_for_minutes(self, source):
        with pytest.raises(TemplateFault, match="Line 1"):
            compile_email("s", "", source, "")


class TestLimits:
    @pytest.mark.parametrize(
        "inner",
        [
            pytest.param("{% for a in (1..99999999) %}x{% endfor %}", id="long-loop"),
            pytest.param(
                "{% for a in (1..200) %}{% for b in (1..200) %}{% endfor %}{% endfor %}", id="loops-in-loops"
            ),
            pytest.param("{% for a in (1..4000) %}{% endfor %}" * 3, id="loop-after-loop"),
            pytest.param("{% for a in (1..9000) %}" + "x" * 200 + "{% endfor %}", id="much-output"),
            pytest.param(
                "{% assign a = 'xxxxxxxx' %}" + "{% assign a = a | append: a %}" * 30, id="doubling"
            ),
            pytest.param(
                "{{ 'aaaa' " + "| replace: 'a', 'aaaaaaaaaaaaaaaa'" * 12 + " }}", id="replace-in-replace"
            ),
            pytest.param("{{ 'a' " + "| replace: '', 'aaaaaaaaaaaaaaaa'" * 12 + " }}", id="replace-nothing"),
            pytest.param(
                "{{ contact.big " + "| split: '' | join: 'xxxxxxxxxxxxxxxx'" * 9 + " }}", id="joining"
            ),
            pytest.param("{{ contact.big | times: 10 | date: '%Y' }}{% break %}", id="break-outside"),
            pytest.param("{{ '99999999999999999' | date: '%Y' }}", id="year-out-of-range"),
            pytest.param("{{ 1 | divided_by: 0 }}", id="divided-by-nothing"),
            pytest.param("{{ contact.big | base64_decode }}", id="not-base64"),
        ],
    )
    def test_end_it_for_this_person(self, inner):
        compiled = email(inner)

        with pytest.raises(RenderFault):
            fill(compiled, {"big": "9" * 1_001})

    def test_hold_for_a_value_that_is_printed_many_times(self):
        compiled = email("{{ contact.big }}" * 20)

        with pytest.raises(RenderFault):
            fill(compiled, {"big": "x" * 100_000})


class TestLinks:
    def test_each_destination_gets_its_position_in_reading_order(self):
        compiled = email(
            '<a href="https://a.example/?x=1&amp;y=2">One <b>bold</b></a>'
            '<a href="http://b.example"><img src="https://a.example/a.png" alt="Picture"/></a>'
            "<a href='https://a.example/?x=1&amp;y=2'>Again</a>"
        )

        assert [(link.position, link.url, link.label) for link in compiled.links] == [
            (1, "https://a.example/?x=1&y=2", "One bold"),
            (2, "http://b.example", "Picture"),
            (3, "https://a.example/?x=1&y=2", "Again"),
        ]
        html = fill(compiled).html
        assert [html.count(f'href="https://t.example/c/{position}"') for position in (1, 2, 3)] == [1, 1, 1]

    @pytest.mark.parametrize(
        "href",
        [
            *(
                "mailto:a@b.example",
                "tel:+123",
                "#top",
                "{{ unsubscribe_url }}",
                "{{ view_url }}",
                "/relative",
            ),
            *("{{ preferences_url }}?x=1", "javascript:alert(1)", "ftp://a.example"),
        ],
    )
    def test_what_is_no_web_address_stays_as_it_is(self, href):
        assert email(f'<a href="{href}">x</a>').links == []

    def test_one_that_depends_on_a_loop_is_not_tracked_and_still_leads_there(self):
        compiled = email(
            '{% for a in contact.tags %}<a href="https://a.example/{{ a }}">{{ a }}</a>{% endfor %}'
        )

        html = fill(compiled, {"tags": ["x", "y&z"]}).html

        assert compiled.links == []
        assert 'href="https://a.example/x"' in html
        assert 'href="https://a.example/y&amp;z"' in html

    def test_one_in_a_condition_is_tracked(self):
        compiled = email('{% if contact.vip %}<a href="https://a.example">x</a>{% endif %}')

        assert 'href="https://t.example/c/1"' in fill(compiled, {"vip": True}).html
        assert "t.example/c" not in fill(compiled, {}).html

    def test_what_the_author_wrote_into_the_text_part_is_the_same_link(self):
        compiled = email(
            '<a href="https://a.example">x</a>', text="See https://a.example. Or https://b.example"
        )

        assert fill(compiled).text == "See https://t.example/c/1. Or https://b.example"

    def test_the_pixel_stands_at_the_end_only_when_there_is_one(self):
        compiled = email("x")

        assert fill(compiled).html == fill(compiled, pixel_url="https://t.example/o.gif").html.replace(
            '<img src="https://t.example/o.gif" width="1" height="1" alt="" '
            'style="display:block;width:1px;height:1px;border:0;">',
            "",
        )
        assert fill(compiled, pixel_url="https://t.example/o.gif").html.endswith('border:0;"></body></html>')


class TestRenderUrl:
    DATA = {
        "contact": {"email": "a b@x.example", "site": "javascript:alert(1)", "path": "a\r\nSet-Cookie: b"}
    }

    @pytest.mark.parametrize(
        ("url", "leads_to"),
        [
            ("https://a.example/?x=1&y=2#z", "https://a.example/?x=1&y=2#z"),
            ("https://a.example/?e={{ contact.email | url_encode }}", "https://a.example/?e=a+b%40x.example"),
            ("https://a.example/{{ contact.path }}", "https://a.example/a%0D%0ASet-Cookie:%20b"),
            ("https://a.example/ü", "https://a.example/%C3%BC"),
        ],
    )
    def test_fills_the_person_in(self, url, leads_to):
        assert render_url(url, self.DATA) == leads_to

    @pytest.mark.parametrize(
        "url",
        ["{{ contact.site }}", "{{ contact.nothing }}", "https://", "https://[", "{{ 1 | divided_by: 0 }}"],
    )
    def test_refuses_what_is_no_web_address(self, url):
        with pytest.raises(DestinationRefused):
            render_url(url, self.DATA)


class TestText:
    def test_reads_like_a_letter(self):
        compiled = email(
            "<h1>Spring &amp; sun</h1><p>Dear {{ contact.name }},<br/>come.</p>"
            "<ul><li>One</li><li>Two</li></ul><ol><li>First</li><li>Second</li></ol>"
            '<p><a href="https://a.example">Shop</a> <a href="mailto:a@b.example">Write</a></p>'
            '<div style="display:none">Hidden</div><style>p {}</style>'
            '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
        )

        assert fill(compiled, {"name": "Ann"}).text == (
            "Spring & sun\n\nDear Ann,\ncome.\n\n- One\n- Two\n\n1. First\n2. Second\n\n"
            "Shop (https://t.example/c/1) Write\n\nUnsubscribe (https://t.example/u)\n"
        )

    def test_keeps_conditions_around_rows_in_their_order(self):
        compiled = email(
            "<table>{% if contact.vip %}<tr><td>Gold</td></tr>{% endif %}<tr><td>All</td></tr></table>"
        )

        assert fill(compiled, {"vip": True}).text.split() == ["Gold", "All"]
        assert fill(compiled, {}).text.split() == ["All"]


class TestPreview:
    def test_is_what_is_sent_but_for_the_addresses(self):
        compiled = email('<a href="https://a.example/?e={{ contact.name }}">{{ contact.name }}</a>')
        data = {"contact": {"name": "Ann"}}

        preview = compiled.preview(data)

        sent = compiled.render(
            data,
            link_urls=["https://a.example/?e=Ann"],
            pixel_url="",
            unsubscribe_url="#",
            view_url="#",
            preferences_url="#",
        )
        assert preview == sent

    def test_of_a_stored_version_is_the_same(self):
        compiled = email(
            '<a href="https://a.example">{{ contact.name }}</a>', subject="Hi {{ contact.name }}"
        )

        loaded = load_email("Hi {{ contact.name }}", compiled.html, "")

        assert fill(loaded, {"name": "<Ann>"}) == fill(compiled, {"name": "<Ann>"})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
OUTPUTS = st.sampled_from(
    [
        "contact.a",
        "contact.b",
        "contact.size",
        "contact.first",
        "message.name",
        "contact",
        "nobody.a",
        "view_url",
    ]
)
FILTERS = st.sampled_from(
    ["", "| default: 'x<b>'", "| default: ''", "| default: contact.b", "| upcase", "| size"]
)


class TestProgram:
    @given(
        outputs=st.lists(st.tuples(OUTPUTS, FILTERS), max_size=4),
        contact=st.dictionaries(st.sampled_from(["a", "b"]), VALUES) | VALUES,
        environment=st.sampled_from([HTML, PLAIN]),
    )
    def test_says_what_the_library_says(self, outputs, contact, environment):
        source = "-".join(f"<i>{{{{ {output} {filters} }}}}" for output, filters in outputs)
        scope = {"contact": contact, "message": {"name": "<M>"}, "view_url": "https://a.example/?b&c"}
        template = parse(source, Part.MJML, environment)
        try:
            expected = template.render(**scope).replace("\0", "")
        except Exception:  # whatever the library cannot say, we do not say either
            with pytest.raises(RenderFault):
                Program(template).render(scope)
        else:
            assert Program(template).render(scope) == expected
