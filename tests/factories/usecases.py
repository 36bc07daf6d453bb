import factory

from apps.usecases.models import Part, UseCase


class UseCaseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = UseCase

    name = factory.Sequence(lambda n: f"Use case {n}")
    outcome = "More people order."


class PartFactory(factory.django.DjangoModelFactory):
    """An event that nobody has sent, unless the test says what."""

    class Meta:
        model = Part

    use_case = factory.SubFactory(UseCaseFactory)
    step = Part.Step.DATA
    kind = "event"
    key = "cart_left"
