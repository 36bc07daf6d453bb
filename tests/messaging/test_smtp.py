"""What is said to a mail server, and what its answers mean."""

import pytest

from apps.messaging.delivery.engine import Engine
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.server import Server, server_from_url
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts
from apps.messaging.models import Recipient
from tests.mail import HANG_UP, SILENCE, ScriptedServer

State = Recipient.State
PATIENT = Timeouts(connect=30, command=30, answer=30)  # a busy machine is not a server that fell silent
IMPATIENT = Timeouts(connect=30, command=1, answer=30)
IMPATIENT_AT_THE_DOT = Timeouts(connect=30, command=30, answer=1)


def mail(recipient="ann@example.com", *, pk=1, content=b"Subject: Hi\r\n\r\nHello\r\n", **more):
    return Mail(
        id=pk,
        sender="us@shop.example",
        recipient=recipient,
        mail_id=f"{pk}@shop.example",
        content=content,
        **more,
    )


@pytest.fixture(params=[True, False], ids=["pipelined", "step-by-step"])
def server(request):
    with ScriptedServer(extensions=["PIPELINING"] if request.param else ["8BITMIME"]) as server:
        yield server


@pytest.fixture
def engine(server):
    engine = Engine(server_from_url(server.url), connections=3, timeouts=PATIENT)
    yield engine
    engine.close()


@pytest.fixture
def impatient_engine(server, request):
    """For servers that fall silent; before the dot, unless a test asks otherwise."""
    timeouts = getattr(request, "param", IMPATIENT)
    engine = Engine(server_from_url(server.url), connections=3, timeouts=timeouts)
    yield engine
    engine.close()


def deliver(engine, *mails):
    return engine.deliver(mails).result(timeout=60)


def test_a_mail_that_the_server_takes_is_sent_with_its_answer(server, engine):
    outcomes = deliver(engine, mail())

    assert outcomes == {1: Outcome.sent("250 2.0.0 taken as 1")}
    assert [(taken.sender, taken.recipient) for taken in server.taken] == [
        ("us@shop.example", "ann@example.com")
    ]


def test_dots_arrive_as_they_were_written(server, engine):
    deliver(engine, mail(content=b"Subject: Hi\r\n\r\n..\r\n...and on\r\n"))

    assert server.taken[0].content == b"Subject: Hi\r\n\r\n.\r\n..and on\r\n"


@pytest.mark.parametrize(
    ("verb", "answer", "outcome"),
    [
        pytest.param(
            "rcpt", "550 5.1.1 no such person", Outcome.refused("550 5.1.1 no such person"), id="rcpt-5xx"
        ),
        pytest.param("rcpt", "451 4.7.1 greylisted", Outcome.not_now("451 4.7.1 greylisted"), id="rcpt-4xx"),
        pytest.param("dot", "554 5.6.0 content", Outcome.refused("554 5.6.0 content"), id="dot-5xx"),
        pytest.param("dot", "452 4.2.2 full", Outcome.not_now("452 4.2.2 full"), id="dot-4xx"),
        pytest.param("dot", "421 4.3.2 closing", Outcome.not_now("421 4.3.2 closing"), id="dot-421"),
        pytest.param("data", "554 no", Outcome.our_fault("554 no"), id="data-5xx"),
        pytest.param("data", "451 later", Outcome.not_now("451 later"), id="data-4xx"),
    ],
)
def test_an_answer_is_an_outcome_and_the_next_mail_goes_its_way(server, engine, verb, answer, outcome):
    server.on(verb, "bad@example.com", answer)

    outcomes = deliver(engine, mail("bad@example.com", pk=1), mail(pk=2), mail("bea@example.com", pk=3))

    assert outcomes[1] == outcome
    assert [outcomes[2].state, outcomes[3].state] == [State.SENT, State.SENT]
    assert server.recipients == ["ann@example.com", "bea@example.com"]


def test_a_refused_sender_is_our_fault_and_not_the_persons(server, engine):
    server.on("mail", "us@shop.example", "550 5.7.1 not you")

    assert deliver(engine, mail()) == {1: Outcome.our_fault("550 5.7.1 not you")}


def test_a_refusal_leaves_the_connection_in_use(server, engine):
    server.on("rcpt", "bad@example.com", "550 no")

    for number in range(3):
        deliver(engine, mail("bad@example.com", pk=number))
    deliver(engine, mail(pk=9))

    assert server.connections == 1
    assert server.recipients == ["ann@example.com"]


@pytest.mark.parametrize("impatient_engine", [IMPATIENT_AT_THE_DOT], indirect=True, ids=["at-the-dot"])
@pytest.mark.parametrize("behaviour", [SILENCE, HANG_UP])
def test_silence_after_the_dot_is_unknown(server, impatient_engine, behaviour):
    server.on("dot", "mute@example.com", behaviour)

    outcomes = deliver(impatient_engine, mail("mute@example.com"))

    assert outcomes[1].state == State.UNKNOWN
    assert server.recipients == ["mute@example.com"]  # it has the mail, and only it knows


@pytest.mark.parametrize("behaviour", [SILENCE, HANG_UP, "421 4.3.0 going down"])
@pytest.mark.parametrize("verb", ["mail", "rcpt", "data"])
def test_silence_before_the_dot_puts_the_mail_back_in_line(server, impatient_engine, verb, behaviour):
    server.on(verb, "us@shop.example" if verb == "mail" else "mute@example.com", behaviour)

    outcomes = deliver(impatient_engine, mail("mute@example.com"))

    assert (outcomes[1].state, outcomes[1].tries_again) == (State.QUEUED, True)
    assert server.taken == []


def test_a_connection_that_the_server_closed_meanwhile_costs_nothing(server, engine):
    deliver(engine, mail(pk=1))
    server.on("mail", "us@shop.example", HANG_UP, times=1)

    outcomes = deliver(engine, mail(pk=2))

    assert outcomes[2].state == State.SENT
    assert server.connections == 2


def test_mails_are_spread_over_several_connections_that_stay_open(server, engine):
    for _batch in range(3):
        deliver(engine, *(mail(f"reader-{number}@example.com", pk=number) for number in range(12)))

    assert len(server.taken) == 36
    assert server.connections == 3


def test_a_server_out_of_reach_is_given_nothing(server, engine):
    server.on("greeting", "*", "554 no service")

    with pytest.raises(ServerOutOfReach, match="554 no service"):
        engine.reach()
    outcomes = deliver(engine, mail())
    assert outcomes == {1: Outcome.untried("554 no service")}


def test_nobody_listens():
    with ScriptedServer() as server:
        port = server.port
    engine = Engine(Server("127.0.0.1", port), timeouts=PATIENT)

    with pytest.raises(ServerOutOfReach, match=r"No connection to 127\.0\.0\.1"):
        engine.reach()
    engine.close()


@pytest.mark.parametrize("host", ["mail..example", f"{'x' * 64}.example"])
def test_a_host_that_no_dns_can_have_is_out_of_reach(host):
    engine = Engine(Server(host, 25), timeouts=PATIENT)

    with pytest.raises(ServerOutOfReach, match="no name of a host"):
        engine.reach()

    engine.close()


def test_a_server_that_falls_silent_at_the_greeting_is_out_of_reach(server, impatient_engine):
    server.on("greeting", "*", SILENCE)

    with pytest.raises(ServerOutOfReach, match="silent for 1 seconds"):
        impatient_engine.reach()


def test_an_answer_that_is_not_smtp_is_no_answer(server, engine):
    server.on("rcpt", "odd@example.com", "HTTP/1.1 400 Bad Request")

    outcomes = deliver(engine, mail("odd@example.com"))

    assert outcomes[1] == Outcome.lapsed("The server answers, but not in SMTP.")


def test_a_server_that_takes_no_more_connections_gets_all_mails_over_those_it_took(server, engine):
    engine.reach()
    server.on("greeting", "*", "421 too many connections")

    outcomes = deliver(engine, *(mail(pk=number) for number in range(6)))

    assert {outcome.state for outcome in outcomes.values()} == {State.SENT}


def test_letters_beyond_ascii_need_a_server_that_takes_them(server, engine):
    outcomes = deliver(engine, mail("jörg@example.com", needs_utf8=True))
    assert outcomes[1].state == State.FAILED

    server.extensions.append("SMTPUTF8")
    engine.close()
    fresh = Engine(server_from_url(server.url), timeouts=PATIENT)
    assert deliver(fresh, mail("jörg@example.com", needs_utf8=True))[1].state == State.SENT
    assert "MAIL FROM:<us@shop.example> SMTPUTF8" in server.commands
    fresh.close()


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        ("AUTH PLAIN LOGIN", "AUTH PLAIN AGFubkBzaG9wAHPDqWNyZXQ="),
        ("AUTH LOGIN", "AUTH LOGIN YW5uQHNob3A= c8OpY3JldA=="),
    ],
)
def test_it_signs_in_as_the_server_offers(offered, said):
    with ScriptedServer(extensions=[offered]) as server:
        engine = Engine(Server("127.0.0.1", server.port, user="ann@shop", password="sécret"))
        engine.reach()
        engine.close()

    assert said in server.commands


def test_a_wrong_password_is_out_of_reach_and_says_so():
    with ScriptedServer(extensions=["AUTH PLAIN"]) as server:
        server.on("auth", "*", "535 5.7.8 wrong")
        engine = Engine(Server("127.0.0.1", server.port, user="ann", password="x"))
        with pytest.raises(ServerOutOfReach, match="refused our user name and password: 535"):
            engine.reach()
        engine.close()


def test_no_starttls_where_the_settings_ask_for_it_is_out_of_reach():
    with ScriptedServer() as server:
        engine = Engine(Server("127.0.0.1", server.port, security="starttls"))
        with pytest.raises(ServerOutOfReach, match="does not offer STARTTLS"):
            engine.reach()
        engine.close()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", Server("mail.example", 25)),
        ("smtp+tls://ann:p%40ss@mail.example:2525", Server("mail.example", 2525, "ann", "p@ss", "starttls")),
        ("submission://mail.example", Server("mail.example", 587, security="starttls")),
        ("smtp+ssl://mail.example", Server("mail.example", 465, security="tls")),
    ],
)
def test_email_url_is_read_as_django_reads_it(url, server):
    assert server_from_url(url) == server


def test_an_email_url_that_is_none_is_refused_without_showing_it():
    with pytest.raises(ValueError, match="must look like"):
        server_from_url("consolemail://secret@")


@pytest.fixture
def lane(server):
    """An engine that does everything over one connection."""
    engine = Engine(server_from_url(server.url), connections=1, timeouts=PATIENT)
    yield engine
    engine.close()


def test_the_next_envelope_goes_in_one_group_with_the_text_before_it(server, lane):
    deliver(lane, *(mail(f"p{number}@example.com", pk=number) for number in range(3)))

    assert server.recipients == [f"p{number}@example.com" for number in range(3)]
    assert server.connections == 1


@pytest.mark.parametrize("verb", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("more", ["250 and again", "550 5.7.1 and again"])
def test_a_server_that_says_more_than_it_was_asked_gives_nobody_the_mail_of_another(server, lane, verb, more):
    usual = {"data": "354 go ahead"}.get(verb, "250 ok")
    server.on(verb, "*", f"{usual}\r\n{more}", times=1)

    deliver(lane, *(mail(f"p{n}@example.com", pk=n, content=b"\r\nFor p%d\r\n" % n) for n in range(4)))

    assert {(taken.recipient[:2], taken.content) for taken in server.taken} <= {
        (f"p{n}", b"\r\nFor p%d\r\n" % n) for n in range(4)
    }
    assert {"p2@example.com", "p3@example.com"} <= set(server.recipients)


@pytest.mark.parametrize("verb", ["dot", "rcpt", "data"])
def test_a_connection_that_ends_leaves_the_next_mail_to_a_fresh_one(server, lane, verb):
    server.on(verb, "p1@example.com", "421 4.3.2 closing", times=1)

    outcomes = deliver(lane, *(mail(f"p{number}@example.com", pk=number) for number in range(4)))

    ends = [outcomes[number].state for number in range(4)]
    assert ends == [State.SENT, State.FAILED if verb == "dot" else State.SENT, State.SENT, State.SENT]
    assert len(server.recipients) == len(set(server.recipients)) == ends.count(State.SENT)


def test_silence_after_the_dot_is_unknown_also_where_the_next_envelope_was_written(server):
    server.on("dot", "p0@example.com", SILENCE)
    hurried = Engine(server_from_url(server.url), connections=1, timeouts=Timeouts(30, 30, 1))

    outcomes = deliver(hurried, *(mail(f"p{number}@example.com", pk=number) for number in range(3)))

    assert [outcomes[number].state for number in range(3)] == [State.UNKNOWN, State.SENT, State.SENT]
    assert server.recipients == [f"p{number}@example.com" for number in range(3)]
    hurried.close()
