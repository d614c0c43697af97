"""One API call as it was signed: which service, which operation, which region, with which parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from drdrill.lab.gateway.fault import AwsFault

GLOBAL_SERVICES = frozenset({"route53", "cloudfront", "iam", "sts"})
"""Services without a region: a client may sign for any, and no dark region hides them."""

READ_ONLY = re.compile(r"^(Get|List|Describe|Test|Search|Lookup|BatchGet|Head|Query|Scan)")

_SCOPE = re.compile(r"Credential=[^/,\s]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_SERVICE_OF_SIGNATURE = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch", "states": "stepfunctions"}
_CLASSIC_VERSION = "2012-06-01"
"""Classic load balancers sign as the newer ones do, and share names of operations with them."""


@dataclass(frozen=True)
class Scope:
    """What a signature says about a call: its service as botocore names it, and its region."""

    service: str
    region: str


@dataclass(frozen=True)
class Call:
    """One identified call. ``model`` is None when the lab cannot even name the operation."""

    scope: Scope
    operation: str
    protocol: str
    parameters: dict[str, Any]
    service_model: ServiceModel | None
    model: OperationModel | None

    @property
    def service(self) -> str:
        """The service as botocore names it."""
        return self.scope.service

    @property
    def region(self) -> str:
        """The region that the call was signed for."""
        return self.scope.region

    @property
    def mutating(self) -> bool:
        """Whether it may change something."""
        return not READ_ONLY.match(self.operation)


def scope_of(environ: dict[str, Any]) -> Scope:
    """What the signature says. Raises ``AwsFault`` when the call is not signed (SigV4)."""
    match = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if match is None:
        raise AwsFault("MissingAuthenticationToken", "the call is not signed with AWS Signature Version 4", 403)
    name = match["service"].lower()
    return Scope(service=_SERVICE_OF_SIGNATURE.get(name, name), region=match["region"])


def identify(environ: dict[str, Any], body: bytes, scope: Scope) -> Call:
    """Find the operation and its parameters by the service's own model."""
    request = Request(with_body(environ, body))
    request.get_data()
    if request.values.get("Version") == _CLASSIC_VERSION and scope.service == "elbv2":
        scope = Scope("elb", scope.region)
    try:
        service_model = get_service_model(scope.service)
        protocol = determine_request_protocol(service_model, request.content_type)
        model, in_path = get_service_router(scope.service).match(request)
    except UnknownServiceError:
        return Call(scope, _named(request), _guess(request), {}, None, None)
    except (NotFound, NotImplementedError):
        return Call(scope, _named(request), _guess(request, service_model), {}, service_model, None)
    parser = PROTOCOL_PARSERS[protocol](model)
    parameters = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": in_path,
        }
    )
    return Call(scope, model.name, protocol, parameters, service_model, model)


def with_body(environ: dict[str, Any], body: bytes) -> dict[str, Any]:
    """A copy of a WSGI environment from which the body may be read (again)."""
    copy = {key: value for key, value in environ.items() if not key.startswith("werkzeug.")}
    return {**copy, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def _named(request: Request) -> str:
    """What the caller calls the operation."""
    target = request.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]
    return request.values.get("Action") or target or f"{request.method} {request.path}"


def _guess(request: Request, service_model: ServiceModel | None = None) -> str:
    """The protocol in which a caller whose operation is unknown will read an error."""
    if "X-Amz-Target" in request.headers:
        return "json"
    if "Action" in request.values:
        return "query"
    return "rest-json" if service_model is None else str(service_model.protocol)
