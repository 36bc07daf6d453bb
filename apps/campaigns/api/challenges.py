"""Challenges: `campaigns/{id}/challenges/`, and each by itself, `challenges/{id}/`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.campaigns import challenges, selectors, services
from apps.campaigns.api.base import CampaignPart
from apps.campaigns.models import Campaign, Challenge, ChallengeAnswer, Challenger
from apps.core import clock

PAGED = ("cursor", "limit")


class ChallengeOut(serializers.ModelSerializer[Challenge]):
    """`thing` is what is held, as in `campaigns.task`, and `thing_id` its key; of a stage the campaign's."""

    thing = serializers.SerializerMethodField()
    thing_id = serializers.IntegerField(source="object_id")
    is_open = serializers.BooleanField()
    held_seconds = serializers.SerializerMethodField(help_text="How long it was held; null while it is.")

    class Meta:
        model = Challenge
        fields = [
            "id", "campaign", "thing", "thing_id", "stage", "about", "question", "asked_by", "asked_at",
            "pursued_by", "is_open", "held_seconds", "resolution", "decision", "resolved_by", "resolved_at",
        ]  # fmt: skip

    def get_thing(self, challenge: Challenge) -> str:
        kind = challenges.kind_of(challenge)
        return kind.model._meta.label_lower if kind else ""

    def get_held_seconds(self, challenge: Challenge) -> int | None:
        ended = challenge.resolved_at
        return int(challenge.held_for(ended).total_seconds()) if ended else None


class ChallengeIn(serializers.Serializer[Any]):
    """`thing` as in `campaigns.task`; `campaigns.campaign` is the stage at which it stands."""

    thing = serializers.CharField(max_length=100)
    thing_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    question = serializers.CharField(max_length=2000)


class ChallengeAnswerOut(serializers.ModelSerializer[ChallengeAnswer]):
    class Meta:
        model = ChallengeAnswer
        fields = ["id", "challenge", "text", "by", "at"]


class ChallengeAnswerIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=5000)


class ChallengeResolveIn(serializers.Serializer[Any]):
    """An answer that is `accepted` says in `decision` what was decided."""

    resolution = serializers.ChoiceField(choices=Challenge.Resolution.choices)
    decision = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class ChallengerOut(serializers.ModelSerializer[Challenger]):
    class Meta:
        model = Challenger
        fields = ["id", "campaign", "user", "added_at"]


class ChallengerIn(serializers.Serializer[Any]):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())


class CampaignChallengesViewSet(CampaignPart[Campaign]):
    """What is and was challenged in a campaign, and who may."""

    queryset = Campaign.objects.all()
    permissions = {
        "challenges": "campaigns.view_challenge",
        "challenge_raise": "campaigns.add_challenge",
        "challengers": "campaigns.view_challenger",
        "challenger_add": "campaigns.add_challenger",
    }
    parameters = dict.fromkeys(["challenges", "challengers"], PAGED)

    @extend_schema(responses=ChallengeOut(many=True))
    @action(detail=True, methods=["get"])
    def challenges(self, request: Request, pk: str) -> Response:
        """Newest first, resolved ones too."""
        found = selectors.challenges_of(self.get_object()).order_by("-asked_at", "-pk")
        return self.page(found, ChallengeOut)

    @extend_schema(request=ChallengeIn, responses={201: ChallengeOut})
    @challenges.mapping.post
    def challenge_raise(self, request: Request, pk: str) -> Response:
        """Ask a question that holds a thing, and the launch, until it is resolved."""
        campaign, told = self.get_object(), self.told(ChallengeIn)
        kind = challenges.challengeables.of(told["thing"])
        thing = kind.of(campaign).filter(pk=told["thing_id"]).first() if kind else None
        if thing is None:
            raise ValidationError({"thing": ["This is not part of the campaign."]})
        challenge = services.challenge_raise(
            campaign=campaign, thing=thing, question=told["question"], by=self.user, now=clock.now()
        )
        return Response(ChallengeOut(challenge).data, status=201)

    @extend_schema(responses=ChallengerOut(many=True))
    @action(detail=True, methods=["get"])
    def challengers(self, request: Request, pk: str) -> Response:
        """Who may challenge beside the captain and the leads."""
        return self.page(self.get_object().challengers.order_by("pk"), ChallengerOut)

    @extend_schema(request=ChallengerIn, responses={201: ChallengerOut})
    @challengers.mapping.post
    def challenger_add(self, request: Request, pk: str) -> Response:
        challenger = services.challenger_add(
            campaign=self.get_object(), by=self.user, now=clock.now(), **self.told(ChallengerIn)
        )
        return Response(ChallengerOut(challenger).data, status=201)


class ChallengeViewSet(mixins.RetrieveModelMixin, CampaignPart[Challenge]):
    """One challenge, with what is said to it and what is decided."""

    queryset = Challenge.objects.with_people()
    serializer_class = ChallengeOut
    permissions = {
        "retrieve": "campaigns.view_challenge",
        "answers": "campaigns.view_challenge",
        "answer_add": "campaigns.answer_challenge",
        "resolve": "campaigns.resolve_challenge",
    }
    parameters = {"answers": PAGED}

    @extend_schema(responses=ChallengeAnswerOut(many=True))
    @action(detail=True, methods=["get"])
    def answers(self, request: Request, pk: str) -> Response:
        return self.page(self.get_object().answers.order_by("pk"), ChallengeAnswerOut)

    @extend_schema(request=ChallengeAnswerIn, responses={201: ChallengeAnswerOut})
    @answers.mapping.post
    def answer_add(self, request: Request, pk: str) -> Response:
        answer = services.challenge_answer(
            challenge=self.get_object(), by=self.user, now=clock.now(), **self.told(ChallengeAnswerIn)
        )
        return Response(ChallengeAnswerOut(answer).data, status=201)

    @extend_schema(request=ChallengeResolveIn, responses=ChallengeOut)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Let the thing go on. What was paused waits until somebody resumes it."""
        challenge = services.challenge_resolve(
            challenge=self.get_object(), by=self.user, now=clock.now(), **self.told(ChallengeResolveIn)
        )
        return self.answer(challenge)


class ChallengerViewSet(mixins.RetrieveModelMixin, CampaignPart[Challenger]):
    """Someone whom the captain has named to challenge what is in a campaign."""

    queryset = Challenger.objects.select_related("campaign", "user")
    serializer_class = ChallengerOut
    permissions = {"retrieve": "campaigns.view_challenger", "destroy": "campaigns.delete_challenger"}

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        challenger = self.get_object()
        services.challenger_remove(
            campaign=challenger.campaign, user=challenger.user, by=self.user, now=clock.now()
        )
        return Response(status=204)
