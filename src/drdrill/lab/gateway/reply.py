"""Answers in the protocol of the caller's service: results, and errors with their code."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from moto.core.errors import ErrorLookupFactory, ErrorShape
from moto.core.model import OperationModel
from moto.core.serialize import SerializationContext, get_serializer_class

from drdrill.lab.gateway.call import Call
from drdrill.lab.gateway.fault import AwsFault

_known_errors = ErrorLookupFactory()


@dataclass(frozen=True)
class Reply:
    """One HTTP response. ``error`` is the AWS code when it is one."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None


def result(call: Call, answer: Mapping[str, Any]) -> Reply:
    """The answer of an operation that the lab implements itself."""
    assert call.model is not None
    serializer = _serializer(call, call.model)
    return _reply(serializer.serialize(answer))


def error(call: Call | None, fault: AwsFault) -> Reply:
    """A fault as the caller's own parser will understand it."""
    if call is None or call.service_model is None:
        return _unmodelled(call, fault)
    model = call.model or OperationModel({}, call.service_model)
    serializer = _serializer(call, model)
    shape = _shape(call, fault)
    content = serializer.MAP_TYPE()
    serializer._serialize_error_metadata(content, fault, shape)
    response = serializer._serialized_error_to_response(serializer._create_default_response(), fault, shape, content)
    return _reply(response, error_code=fault.code)


def _serializer(call: Call, model: OperationModel) -> Any:
    assert call.service_model is not None
    kind = get_serializer_class(call.service_model.service_name, call.protocol)
    return kind(model, context=SerializationContext(request_id=str(uuid.uuid4())))


def _shape(call: Call, fault: AwsFault) -> ErrorShape:
    assert call.service_model is not None
    known = _known_errors.for_service(call.service_model).from_code(fault.code)
    if known is not None and fault.status is None:
        return known
    details = {"code": fault.code, "httpStatusCode": fault.status or 400, "senderFault": True}
    return ErrorShape(fault.code, {"exception": True, "type": "structure", "members": {}, "error": details})


def _reply(response: Mapping[str, Any], error_code: str | None = None) -> Reply:
    body = response["body"]
    headers = {key: str(value) for key, value in response["headers"].items()}
    encoded = body if isinstance(body, bytes) else str(body).encode()
    return Reply(int(response["status_code"]), encoded, headers, error_code)


def _unmodelled(call: Call | None, fault: AwsFault) -> Reply:
    """For a service that botocore itself does not know here: the two error documents that its parsers share."""
    status = fault.status or 400
    if call is not None and "json" in call.protocol:
        document = json.dumps({"__type": fault.code, "message": fault.message})
        return Reply(
            status,
            document.encode(),
            {"Content-Type": "application/x-amz-json-1.1", "X-Amzn-Errortype": fault.code},
            fault.code,
        )
    document = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(fault.code)}</Code>"
        f"<Message>{escape(fault.message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return Reply(status, document.encode(), {"Content-Type": "text/xml", "X-Amzn-Errortype": fault.code}, fault.code)
