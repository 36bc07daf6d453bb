"""The filter `where` of lists that are narrowed by attributes."""

import orjson
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from apps.contacts.models import Attribute
from apps.contacts.models.dictionary import CurrentAttributes
from apps.contacts.selectors import Condition, Operator

MOST_CONDITIONS = 10
WHERE = (
    'By attributes: a JSON list of [key, operator, value], such as [["city","eq","Bonn"]]. '
    f"Operators: {', '.join(Operator)}"
)


def conditions_read(told: str, entries: CurrentAttributes) -> list[Condition]:
    """
    Read `where` strictly: what is silently left out answers with more than was asked for.

    `entries` are those of the dictionary that it may speak of.

    :raises ValidationError: it is no list of conditions, or one of them cannot be
    """
    payload = serializers.ListField(
        child=serializers.ListField(
            child=serializers.CharField(allow_blank=True), min_length=3, max_length=3
        ),
        max_length=MOST_CONDITIONS,
    )
    try:
        rows = payload.run_validation(orjson.loads(told))
    except (orjson.JSONDecodeError, ValidationError) as error:
        sentence = f"Write a JSON list of at most {MOST_CONDITIONS} [key, operator, value]."
        raise ValidationError({"where": [sentence]}) from error
    dictionary: dict[str, Attribute] = entries.all().by_key([key for key, _operator, _value in rows])
    conditions = []
    for key, operator, value in rows:
        if key not in dictionary:
            raise ValidationError({"where": [f"The dictionary has no “{key[:63]}”."]})
        if operator not in list(Operator):
            raise ValidationError({"where": [f"“{operator[:20]}” is none of: {', '.join(Operator)}."]})
        conditions.append(Condition(dictionary[key], Operator(operator), value))
    return conditions
