"""The gateway itself: a WSGI application that finds out what a call is, and lets the right one answer it."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.http import HTTP_STATUS_CODES

from drdrill.lab.gateway.audit import AuditTrail
from drdrill.lab.gateway.call import GLOBAL_SERVICES, Call, Scope, identify, scope_of, with_body
from drdrill.lab.gateway.coverage import entry_of, served_by
from drdrill.lab.gateway.darkness import Darkness, HungUp
from drdrill.lab.gateway.fault import AwsFault, NotInLab
from drdrill.lab.gateway.locks import Locks
from drdrill.lab.gateway.operation import Operation
from drdrill.lab.gateway.reply import Reply, error, result

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Key = tuple[str, str]


class Gateway:
    """Answers every signed call: natively, by moto, or with ``NotImplementedInLab``; hangs for a dark region.

    ``natives`` is what this lab has of what the coverage table calls native: a data strategy brings its own operations, and lacks
    those of the others. ``guards`` look at a call before moto may act.
    """

    def __init__(
        self,
        regions: Iterable[str],
        darkness: Darkness,
        audit: AuditTrail,
        locks: Locks,
        natives: Mapping[Key, Operation],
        guards: Mapping[Key, Callable[[Call], None]],
    ) -> None:
        assert set(natives) <= served_by("native"), "the coverage table and the code differ"
        assert set(guards) <= served_by("moto"), "a guard stands before something that moto does not answer"
        self._regions = frozenset(regions)
        self._darkness = darkness
        self._audit = audit
        self._locks = locks
        self._natives = natives
        self._guards = guards
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI. Raises ``HungUp`` when a call into the dark has ended."""
        began_ns = time.monotonic_ns()
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        scope: Scope | None = None
        call: Call | None = None
        try:
            scope = scope_of(environ)
            self._wait_for_light(scope, environ)
            call = identify(environ, body, scope)
            reply = self._answer(call, environ, body)
            self._wait_for_light(scope, environ)
        except AwsFault as fault:
            reply = error(call, fault)
        except HungUp:
            self._note(began_ns, scope, call, None)
            raise
        except Exception:  # noqa: BLE001 (the edge of the process: a defect of the lab becomes an error that the client sees)
            sys.stderr.write(traceback.format_exc())
            reply = error(call, AwsFault("InternalFailure", "the lab itself failed; its log has the reason", 500))
        self._note(began_ns, scope, call, reply)
        headers = {**reply.headers, "Content-Length": str(len(reply.body))}
        start_response(f"{reply.status} {HTTP_STATUS_CODES.get(reply.status, 'Unknown')}", list(headers.items()))
        return [reply.body]

    def warm_up(self, calls: Iterable[tuple[str, str, str]]) -> None:
        """Do what the first call of each service would have to do: (service signature name, method, path)."""
        for service, method, path in calls:
            scope = Scope(service, min(self._regions))
            self._ask_moto(_unanswered(method, path, scope), b"")

    def _wait_for_light(self, scope: Scope, environ: Environ) -> None:
        """Before acting, and again before answering: what a region did while it went dark does not get out."""
        if scope.service not in GLOBAL_SERVICES:
            self._darkness.hang_if_dark(scope.region, environ.get("werkzeug.socket"))

    def _answer(self, call: Call, environ: Environ, body: bytes) -> Reply:
        if call.service not in GLOBAL_SERVICES and call.region not in self._regions:
            raise NotInLab(f"the region {call.region}", f"it has {', '.join(sorted(self._regions))}")
        entry, key = entry_of(call.service, call.operation), (call.service, call.operation)
        if entry.by == "native" and key not in self._natives:
            raise NotInLab(f"{call.service} {call.operation} with this data strategy", entry.note)
        if entry.by == "native":
            return result(call, self._natives[key](call))
        if entry.by == "moto":
            with self._locks[call.service]:
                self._guards.get(key, _let_pass)(call)
                return self._ask_moto(environ, body)
        raise NotInLab(f"{call.service} {call.operation}", entry.note)

    def _ask_moto(self, environ: Environ, body: bytes) -> Reply:
        said: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _failure: object = None) -> None:
            said[:] = [int(status.split(" ", 1)[0]), dict(headers)]

        content = b"".join(self._moto(with_body(environ, body), start_response))
        status, headers = said
        kept = {key: value for key, value in headers.items() if key.lower() not in ("content-length", "connection")}
        return Reply(status, content, kept, error=None if status < 400 else f"HTTP {status}")

    def _note(self, began_ns: int, scope: Scope | None, call: Call | None, reply: Reply | None) -> None:
        self._audit.write(
            began_ns=began_ns,
            service=scope.service if scope else None,
            operation=call.operation if call else None,
            region=scope.region if scope else None,
            status=reply.status if reply else None,
            error=reply.error if reply else "hung in the dark",
            mutating=call.mutating if call else None,
        )


def _let_pass(_call: Call) -> None:
    """No guard stands here."""


def _unanswered(method: str, path: str, scope: Scope) -> Environ:
    """A request that nobody sent."""
    signature = f"AWS4-HMAC-SHA256 Credential=warm-up/20000101/{scope.region}/{scope.service}/aws4_request, Signature=0"
    target = {"HTTP_X_AMZ_TARGET": path} if not path.startswith("/") else {}
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path if path.startswith("/") else "/",
        "RAW_URI": path if path.startswith("/") else "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": signature,
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **target,
    }
