"""A configuration as the TOML file that reads back to the same."""

import json
from collections.abc import Mapping

from pydantic import BaseModel


def to_toml(config: BaseModel) -> str:
    """TOML of a configuration, its ``preset`` first, a table for each section."""
    values = config.model_dump(mode="json")
    head = [f"preset = {json.dumps(values.pop('preset'))}"]
    return "\n".join([*head, *(line for name in values for line in _table(name, values[name]))])


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    plain = {k: v for k, v in values.items() if v is not None and not isinstance(v, dict)}
    nested = {k: v for k, v in values.items() if isinstance(v, dict) and v}
    lines = ["", f"[{name}]", *(f"{_key(k)} = {_value(v)}" for k, v in plain.items())]
    return [*lines, *(line for k, v in nested.items() for line in _table(f"{name}.{_key(k)}", v))]


def _key(key: str) -> str:
    return (
        key
        if key.replace("_", "").replace("-", "").isalnum() and key.isascii()
        else json.dumps(key)
    )


def _value(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
        return f"{{ {inner} }}"
    if isinstance(value, list):
        items = [_value(item) for item in value]
        short = sum(map(len, items)) + 2 * len(items) < 82
        return f"[{', '.join(items)}]" if short else "[\n    " + ",\n    ".join(items) + ",\n]"
    return json.dumps(value)
