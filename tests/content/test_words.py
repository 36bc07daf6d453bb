import pytest

from apps.content.words import mail_words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<mj-text><p>Hello {{ contact.first_name }}</p></mj-text>", "Hello {{ contact.first_name }}"),
        ("<mj-button href='https://x.example/'>Go</mj-button>", "Go (https://x.example/)"),
        ("<mj-image src='a.png' alt='A boat' />", "A boat"),
        ("<mj-raw><script>no()</script></mj-raw><!-- no -->", ""),
        ("<mj-text>{{ broken</mj-text>", "{{ broken"),  # saved before it was finished
    ],
)
def test_what_a_mail_says_is_read_without_how_it_looks(body, words):
    head = "<mj-head><mj-style>p { color: red }</mj-style></mj-head>"

    assert mail_words(f"<mjml>{head}<mj-body>{body}</mj-body></mjml>") == words
