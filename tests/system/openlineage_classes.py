# SPDX-License-Identifier: Apache-2.0
"""Events held to OpenLineage's own classes, those of its Python client, which are generated from the published schemas
(package openlineage-python, Apache-2.0; tests/requirements.txt).

conforms(event) fails where a facet's version is another one than the client's, or a key is missing, unknown or of another type.
"""

import enum
import functools
import importlib
import importlib.util
import inspect
import os
import pkgutil
import sys
import types
import typing
from decimal import Decimal

import attr

PLAIN = {str: str, int: int, float: (int, float, Decimal), bool: bool}


@functools.cache
def classes():
    """By name, each with the types of its fields. The client itself, which would talk to a server, is not imported."""
    if importlib.util.find_spec("openlineage") is None:
        assert os.environ.get("CI") != "true", "needed in CI: openlineage-python of tests/requirements.txt"
        return None
    client = types.ModuleType("openlineage.client")
    client.__path__ = [f"{path}/client" for path in importlib.import_module("openlineage").__path__]
    sys.modules.setdefault("openlineage.client", client)
    generated, found = importlib.import_module("openlineage.client.generated"), {}
    for info in pkgutil.iter_modules(generated.__path__):
        module = importlib.import_module(f"{generated.__name__}.{info.name}")
        for name, cls in vars(module).items():
            if inspect.isclass(cls) and attr.has(cls) and cls.__module__ == module.__name__:
                found[name] = (cls, typing.get_type_hints(cls))
    return found


def of_class(value, cls, hints, where):
    """Keys and their types; a facet is judged by the class that it names."""
    assert isinstance(value, dict), f"{where}: no object"
    fields = {field.name.lstrip("_") if field.name not in ("_producer", "_schemaURL") else field.name: field for field in attr.fields(cls)}
    missing = [name for name, field in fields.items() if field.default is attr.NOTHING and name not in value]
    assert not missing, f"{where}: {cls.__name__} needs {missing}"
    assert not set(value) - set(fields), f"{where}: {cls.__name__} has no {set(value) - set(fields)}"
    for name, inner in value.items():
        if name == "facets" or name.endswith("Facets"):
            for facet_name, facet in inner.items():
                of_facet(facet, f"{where}.{name}.{facet_name}")
        else:
            of_type(inner, hints[fields[name].name], f"{where}.{name}")


def of_type(value, hint, where):
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if hint in (typing.Any, object) or origin is typing.ClassVar:
        return
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in inside if kind is not type(None)]
        assert value is not None and len(kinds) == 1, f"{where}: {value} is no {hint}"
        of_type(value, kinds[0], where)
    elif origin is list:
        assert isinstance(value, list), f"{where}: no list"
        for i, item in enumerate(value):
            of_type(item, inside[0], f"{where}[{i}]")
    elif origin is dict:
        assert isinstance(value, dict), f"{where}: no object"
        for key, item in value.items():
            of_type(item, inside[1], f"{where}.{key}")
    elif inspect.isclass(hint) and issubclass(hint, enum.Enum):
        assert value in {member.value for member in hint}, f"{where}: {value}"
    elif inspect.isclass(hint) and attr.has(hint):
        of_class(value, hint, typing.get_type_hints(hint), where)
    else:
        assert isinstance(value, PLAIN[hint]) and (hint is bool or not isinstance(value, bool)), f"{where}: {value!r} is no {hint.__name__}"


def of_facet(facet, where):
    name = facet["_schemaURL"].rpartition("/")[2]
    cls, hints = classes()[name]
    assert facet["_schemaURL"] == cls._get_schema(), f"{where}: the client has {cls._get_schema()}"
    if name != "RunFacet":  # the base of all, which may have keys of its own
        of_class(facet, cls, hints, where)


def conforms(event):
    if classes() is None:
        return
    cls, hints = classes()["RunEvent"]
    assert event["schemaURL"] == cls._get_schema()
    of_class(event, cls, hints, "event")
    run, job = classes()["Run"][0], classes()["Job"][0]
    made = cls(eventTime=event["eventTime"], producer=event["producer"], run=run(runId=event["run"]["runId"]),
               job=job(namespace=event["job"]["namespace"], name=event["job"]["name"]))  # its own validators look at these
    assert made.eventTime == event["eventTime"]
