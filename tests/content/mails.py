"""E-mails to test with."""

from apps.content.rendering import compile_email, render_data


def mjml(inner, *, head=""):
    """Return a whole e-mail around what stands in its one text."""
    return (
        f"<mjml>{head}<mj-body><mj-section><mj-column>\n"
        f"<mj-text>{inner}</mj-text>\n"
        f"</mj-column></mj-section></mj-body></mjml>"
    )


def email(inner="", *, subject="Hello", preheader="", text=""):
    return compile_email(subject, preheader, mjml(inner), text)


def fill(compiled, attributes=None, *, address="ann@example.com", pixel_url=""):
    """Render for one person, with addresses that are easy to see in the answer."""
    data = render_data({**(attributes or {}), "email": address}, campaign="Spring", message="Invitation")
    return compiled.render(
        data,
        link_urls=[f"https://t.example/c/{link.position}" for link in compiled.links],
        pixel_url=pixel_url,
        unsubscribe_url="https://t.example/u",
        view_url="https://t.example/view",
        preferences_url="https://t.example/p",
    )


def body(html):
    """Return what stands in the one text of `mjml`."""
    marked = html.partition("color:#000000;")[2]
    return marked.partition(">")[2].rpartition("</div></td>")[0].strip()
