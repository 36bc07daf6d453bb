"""What one event is worth, for statements that add it up. Pure."""

# Whatever is sent is kept as it came, so a number may have any size. Beyond a billion times a thousand it is
# a slip, and no column of sums could be sure to hold it: it counts like a text, as no number.
MOST = 999_999_999_999


def worth_sql(properties: str, name: str) -> str:
    """
    Return the SQL of a number with four decimals, or NULL: `name` is the placeholder of the property's name.

    The placeholder is in it three times. CASE within CASE: only what is a number is made one.
    """
    number = f"({properties} ->> {name})::numeric"
    return (
        f"CASE jsonb_typeof({properties} -> {name}) WHEN 'number' THEN"
        f" CASE WHEN abs({number}) <= {MOST} THEN round({number}, 4) END END"
    )
