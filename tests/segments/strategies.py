"""Random rules and people, small enough that they meet."""

from datetime import timedelta

from hypothesis import strategies as st

from tests.segments.naive import Person

NOW_YEARS = ["2029-02-28", "2030-02-28", "2030-03-01", "2030-02-01", "2030-03-20"]
TEXTS = ["Rome", "rome", "ROMA", "Oslo 50%", "o_slo", "a\\b", "Ötzi", "münchen"]
PIECES = ["r", "RO", "me", "50%", "_", "\\", "ö", "Ü"]
NUMBERS = [-3, 0, 1, 2, 2.5, 10, 1e6]
MOMENTS = [*[f"{day}T12:00:00Z" for day in NOW_YEARS], "2030-03-01T00:00:00Z", "2030-02-28T23:59:59Z"]
DURATIONS = ["15m", "12h", "1d", "30d", "2w", "1mo", "1y"]
DAYS = ["1d", "30d", "2w", "1mo", "1y"]
EVENTS = ["order", "visit"]
TOPICS = ["", "news"]

one_text, one_piece = st.sampled_from(TEXTS), st.sampled_from(PIECES)
one_number = st.sampled_from(NUMBERS)
one_moment = st.sampled_from([*NOW_YEARS, *MOMENTS])


def pairs(values):
    return st.lists(values, min_size=2, max_size=2, unique=True).map(sorted)


def many(values):
    return st.lists(values, min_size=1, max_size=3)


def condition(key, name, ops, value):
    """Return conditions on `name` with one of the operators and a value."""
    return st.fixed_dictionaries({key: st.just(name), "op": st.sampled_from(ops), "value": value})


def on_value(key, name, kind):
    ordered = ["gt", "gte", "lt", "lte"]
    presence = st.fixed_dictionaries({key: st.just(name), "op": st.sampled_from(["exists", "missing"])})
    match kind:
        case "text":
            kinds = [
                condition(key, name, ["eq", "ne"], one_text),
                condition(key, name, ["in", "not_in"], many(one_text)),
                condition(key, name, ["contains", "starts_with", "ends_with"], one_piece),
            ]
        case "number":
            kinds = [
                condition(key, name, ["eq", "ne", *ordered], one_number),
                condition(key, name, ["in", "not_in"], many(one_number)),
                condition(key, name, ["between"], pairs(one_number)),
            ]
        case "boolean":
            kinds = [condition(key, name, ["eq", "ne"], st.booleans())]
        case "list":
            kinds = [
                condition(key, name, ["contains"], one_text),
                condition(key, name, ["in", "not_in"], many(one_text)),
            ]
        case "date":
            kinds = [
                condition(key, name, ["eq", "ne", "before", "after", *ordered], st.sampled_from(NOW_YEARS)),
                condition(key, name, ["between"], pairs(st.sampled_from(NOW_YEARS))),
                condition(key, name, ["within_last", "within_next", "older_than"], st.sampled_from(DAYS)),
            ]
        case "datetime":
            kinds = [
                condition(key, name, ["eq", "ne", "before", "after", *ordered], one_moment),
                condition(key, name, ["between"], pairs(st.sampled_from(MOMENTS))),
                condition(
                    key, name, ["within_last", "within_next", "older_than"], st.sampled_from(DURATIONS)
                ),
            ]
    return st.one_of(presence, *kinds)


KINDS = {
    "city": "text",
    "tier": "text",
    "visits": "number",
    "spend": "number",
    "spend_indexed": "number",
    "is_new": "boolean",
    "birthday": "date",
    "seen": "datetime",
    "tags": "list",
    "city_indexed": "text",
    "is_new_indexed": "boolean",
    "birthday_indexed": "date",
    "seen_indexed": "datetime",
    "tags_indexed": "list",
}
# By name first: `one_of` would flatten all this into one choice, of which attributes have nine tenths.
attribute = st.sampled_from(list(KINDS)).flatmap(lambda key: on_value("attribute", key, KINDS[key]))
COMPANY_KINDS = {"industry": "text", "employees": "number", "founded": "date", "markets": "list"}
ROLES = ["champion", "user"]
company = st.sampled_from(list(COMPANY_KINDS)).flatmap(
    lambda key: st.builds(
        lambda rule, more: rule | more,
        on_value("company", key, COMPANY_KINDS[key]),
        st.fixed_dictionaries({"member": st.booleans()}, optional={"role": st.sampled_from(ROLES)}),
    )
)
where = st.one_of(
    on_value("property", "city", "text"),
    on_value("property", "total", "number"),
    on_value("property", "gift", "boolean"),
    condition("property", "due", ["before", "after", "gte", "lt"], one_moment),
    condition("property", "due", ["within_last", "older_than"], st.sampled_from(DURATIONS)),
)
bound = st.one_of(
    st.sampled_from(
        [{"gte": 1}, {"gte": 2}, {"gt": 1}, {"eq": 1}, {"lt": 3}, {"lte": 1}, {"gte": 1, "lt": 3}]
    )
)
period = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"within": st.sampled_from(DURATIONS)}),
    st.fixed_dictionaries({"between": pairs(one_moment).filter(lambda pair: pair[0][:10] != pair[1][:10])}),
)


@st.composite
def event(draw):
    rule = {"event": draw(st.sampled_from(EVENTS)), "did": draw(st.booleans()), **draw(period)}
    if draw(st.booleans()):
        rule["count"] = draw(bound)
    if draw(st.booleans()):
        rule["where"] = draw(st.lists(where, min_size=1, max_size=2))
    return rule


consent = st.builds(
    lambda topic, status: (
        {"consent": {"channel": "email", "topic": topic}, "status": status}
        if topic
        else {"consent": {"channel": "email"}, "status": status}
    ),
    st.sampled_from(TOPICS),
    st.sampled_from(["subscribed", "unsubscribed", "pending", "none"]),
)


def rules(segments, lists, *, depth=3):
    """Return groups with conditions of every kind, alike often."""
    kinds = {
        "attribute": attribute,
        "company": company,
        "event": event(),
        "consent": consent,
        "segment": st.fixed_dictionaries({"segment": st.sampled_from(segments), "member": st.booleans()}),
        "list": st.fixed_dictionaries({"list": st.sampled_from(lists), "member": st.booleans()}),
    }
    leaf = st.sampled_from(["attribute", "event", *kinds]).flatmap(kinds.get)
    if depth == 1:
        return leaf
    inner = st.booleans().flatmap(
        lambda is_leaf: leaf if is_leaf else rules(segments, lists, depth=depth - 1)
    )
    return st.builds(
        lambda match, found: {match: found},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    )


VALUES = {
    "text": one_text,
    "number": one_number,
    "boolean": st.booleans(),
    "date": st.sampled_from(NOW_YEARS),
    "datetime": st.sampled_from(MOMENTS),
    "list": st.lists(one_text, max_size=2),
}


def some(kinds):
    """Return dictionaries with some of these keys."""
    return st.fixed_dictionaries({}, optional={key: VALUES[kind] for key, kind in kinds.items()})


def people(noon):
    moment = st.sampled_from(
        [timedelta(0), timedelta(minutes=15), timedelta(hours=13), timedelta(days=20), timedelta(days=366)]
    ).map(lambda ago: noon - ago)
    events = st.tuples(
        st.sampled_from(EVENTS),
        moment,
        some({"city": "text", "total": "number", "gift": "boolean", "due": "datetime"}),
    )
    return st.builds(
        Person,
        attributes=some(KINDS),
        events=st.lists(events, max_size=3),
        consents=st.dictionaries(
            st.tuples(st.just("email"), st.sampled_from(TOPICS)),
            st.sampled_from(["subscribed", "unsubscribed", "pending"]),
            max_size=2,
        ),
        lists=st.sets(st.sampled_from([1, 2])),
        companies=st.lists(st.tuples(some(COMPANY_KINDS), st.sampled_from(["", *ROLES])), max_size=2),
    )
