"""Reads the fields that count of a message in protobuf's text format.

The messages of the TF Object Detection API are not installed. A schema here names the fields that
are wanted; protobuf's own parser skips all others.
"""

from typing import Any, Dict, Mapping

from converter.errors import ModelFileError

Schema = Mapping[str, Mapping[str, str]]


def parse_proto_text(text: str, schema: Schema, message: str) -> Any:
    """The message in ``text``.

    Args:
        schema: of each message its fields with their types: ``int32``, ``string``, ``bool`` or a
            message of the schema; with a ``*`` for those that recur.
        message: the outermost one.

    Raises:
        ModelFileError: it is no such text.
    """
    from google.protobuf import message_factory, text_format

    found = message_factory.GetMessageClass(_descriptor(schema, message))()
    try:
        text_format.Parse(text, found, allow_unknown_field=True, allow_unknown_extension=True)
    except (text_format.ParseError, RecursionError, ValueError) as error:
        raise ModelFileError(f"it is no text of protobuf: {str(error)[:200]}") from error
    return found


def _descriptor(schema: Schema, message: str) -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool

    file = descriptor_pb2.FileDescriptorProto(name="wanted.proto", package="wanted")
    for name, wanted in schema.items():
        described = file.message_type.add(name=name)
        # The text format has names and no numbers, so that any will do.
        for number, (field, kind) in enumerate(wanted.items(), start=1):
            described.field.add(**_field(field, kind, number, schema))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindMessageTypeByName(f"wanted.{message}")


def _field(name: str, kind: str, number: int, schema: Schema) -> Dict[str, Any]:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

    label = Field.LABEL_REPEATED if kind.endswith("*") else Field.LABEL_OPTIONAL
    kind = kind.rstrip("*")
    whole: Dict[str, Any] = {"name": name, "number": number, "label": label}
    if kind in schema:
        return {**whole, "type": Field.TYPE_MESSAGE, "type_name": f".wanted.{kind}"}
    types = {"int32": Field.TYPE_INT32, "string": Field.TYPE_STRING, "bool": Field.TYPE_BOOL}
    return {**whole, "type": types[kind]}
