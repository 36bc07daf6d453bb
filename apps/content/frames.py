"""Somebody's HTML, shown in a frame that can do nothing but be looked at."""

from django.http import HttpResponse

# The sandbox is said here too, for whoever opens the frame's address by itself. Links open in a new tab.
POLICY = (
    "default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; font-src https: data:; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def mail_frame(html: str) -> HttpResponse:
    """Answer with an e-mail under a policy of its own: no script, no form, nothing of ours in reach."""
    head, found, rest = html.partition("<head>")
    body = f'{head}{found}<base target="_blank">{rest}' if found else html
    return HttpResponse(
        body,
        headers={
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
