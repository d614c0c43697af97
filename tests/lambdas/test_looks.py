"""What each look makes of an answer, of a refusal, and of silence: against a small server that answers as AWS would."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from drdrill.lambdas import looks
from drdrill.lambdas.looks import Seen, Vantage, look_everywhere
from drdrill.lambdas.setting import ENDPOINTS

REGION = "ap-south-1"
REFUSAL = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
FAILURE = "<ErrorResponse><Error><Code>InternalFailure</Code><Message>broken</Message></Error></ErrorResponse>"
INSTANCE = """<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>
<DBInstanceIdentifier>bank</DBInstanceIdentifier><DBInstanceStatus>available</DBInstanceStatus>
</DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>"""


class Answers(BaseHTTPRequestHandler):
    """Answers everything with what the test has put down."""

    status = 200
    body = ""

    def do_GET(self) -> None:
        """Answer."""
        said = self.body.encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_POST(self) -> None:
        """Answer."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the small server listens; it stands for the region's API and for Route 53."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv(ENDPOINTS, json.dumps({REGION: url, "global": url}))
    yield url
    server.shutdown()
    server.server_close()
    thread.join()


def seen(name: str, address: str, status: int, body: str, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """What one look makes of this answer."""
    monkeypatch.setattr(Answers, "status", status)
    monkeypatch.setattr(Answers, "body", body)
    (found,) = look_everywhere(Vantage(REGION, "bank", f"{address}/ready", "check", 2.0), [name])
    return found


@pytest.mark.parametrize(("status", "state"), [(200, "up"), (503, "down"), (404, "down")])
def test_a_front_door_is_up_when_it_says_so(
    address: str, status: int, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert seen("front-door", address, status, "", monkeypatch).state == state


@pytest.mark.parametrize(
    ("status", "body", "state", "words"),
    [
        (200, INSTANCE, "up", "says that bank is available"),
        (403, REFUSAL, "up", "refused"),
        (500, FAILURE, "down", "failed"),
        (503, FAILURE, "down", "failed"),
    ],
)
def test_a_refusal_is_an_answer_and_a_failure_is_none(
    address: str, status: int, body: str, state: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A region whose API answers every call with its own failure does not count as alive."""
    found = seen("region-api", address, status, body, monkeypatch)
    assert (found.state, found.sentence.startswith(words)) == (state, True), found


def checkers(*said: str) -> str:
    """What GetHealthCheckStatus answers when the checkers say this."""
    one = "<HealthCheckObservation><StatusReport><Status>{}</Status></StatusReport></HealthCheckObservation>"
    told = "".join(one.format(status) for status in said)
    return (
        '<GetHealthCheckStatusResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
        f"<HealthCheckObservations>{told}</HealthCheckObservations></GetHealthCheckStatusResponse>"
    )


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (("Success: 200", "Success: 200", "Failure: no answer"), "up"),
        (("Success: 200", "Failure: no answer", "Failure: no answer"), "down"),
        (("Success: 200", "Failure: no answer"), "up"),
        ((), "not known"),
    ],
)
def test_the_checkers_are_believed_by_majority(
    address: str, said: tuple[str, ...], state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert seen("checkers", address, 200, checkers(*said), monkeypatch).state == state


def test_route_53_that_fails_says_nothing_about_the_primary(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen("checkers", address, 500, FAILURE, monkeypatch).state == "not known"


def test_silence_is_down_and_from_route_53_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there."""
    nobody = "http://127.0.0.1:9"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv(ENDPOINTS, json.dumps({REGION: nobody, "global": nobody}))
    found = look_everywhere(Vantage(REGION, "bank", f"{nobody}/ready", "check", 1.0), list(looks.LOOKS))
    assert [one.state for one in found] == ["down", "down", "not known"]


def test_a_look_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match="crystal-ball"):
        look_everywhere(Vantage(REGION, "bank", "http://127.0.0.1:9", "check", 1.0), ["crystal-ball"])
