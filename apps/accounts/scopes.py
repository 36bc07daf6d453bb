"""What an API token may be narrowed to: `<resource>:read` and `<resource>:write`. The one list."""

RESOURCES = (
    "attachments",
    "attributes",
    "audit-events",
    "campaigns",
    "comments",
    "companies",
    "contacts",
    "delivery-reports",
    "event-sources",
    "events",
    "exports",
    "imports",
    "messages",
    "quality",
    "results",
    "segments",
    "senders",
    "sending-rules",
    "suppressions",
    "systems",
    "templates",
    "topics",
    "use-cases",
    "users",
)
ALL = tuple(f"{resource}:{verb}" for resource in RESOURCES for verb in ("read", "write"))
