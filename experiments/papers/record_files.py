"""Records on disk: one JSON file per run of a paper, with a line per seed."""

import json
from pathlib import Path

from pepita_jax.errors import UserError, require
from pepita_jax.files import file_errors, replace_file
from pepita_jax.runs.saved_run import FIRST_EPOCH

OLD_FILES = "seed_*.json"  # earlier versions had a folder per run, with a file per seed
SHARED = ("config", "environment", "earlier_environments")  # many seeds have these in common
KINDS = {"run": str, "seed": int, "epochs": int, "config": dict, "environment": dict}
KINDS |= dict.fromkeys(FIRST_EPOCH, dict)  # every record has these


def read_records(path: Path) -> list[dict]:
    """The records of a file, or of an earlier version's folder: one per seed, in any order.

    Raises:
        UserError: a file is damaged, or holds no records.
    """
    if not path.is_dir():
        return _unpack(path, _read_json(path)) if path.exists() else []
    return [_old_record(file) for file in path.glob(OLD_FILES)]


def write_records(path: Path, records: list[dict]) -> None:
    """Writes the records of a run: what they share is written once, the rest a line per seed."""
    shared, seeds = [], {}
    for record in sorted(records, key=lambda record: record["seed"]):
        common = {name: record[name] for name in SHARED if name in record}
        if common not in shared:
            shared.append(common)
        own = {n: v for n, v in record.items() if n not in (*SHARED, "run", "seed")}
        seeds[record["seed"]] = {"trained": shared.index(common), **own}
    dumps = lambda value: json.dumps(value, allow_nan=False)
    lines = lambda parts: "\n" + ",\n".join(parts) + "\n"
    text = (
        f'{{"run": {dumps(records[0]["run"])},\n"trained": [{lines(map(dumps, shared))}],\n'
        f'"seeds": {{{lines(f"{dumps(str(k))}: {dumps(own)}" for k, own in seeds.items())}}}}}\n'
    )
    with file_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text)


def _unpack(path, content):
    try:
        records = [
            {"run": content["run"], "seed": int(k), **content["trained"][own["trained"]], **own}
            for k, own in content["seeds"].items()
        ]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} holds no records of seeds ({error!r}); remove it") from error
    for record in records:
        del record["trained"]
        _require_fields(path, record)
    return records


def _old_record(path):
    record = _read_json(path)
    if isinstance(record, dict) and "cell" in record:
        record = {"run": record.pop("cell"), **record}
    _require_fields(path, record)
    name = f"seed_{record['seed']}.json"
    require(path.name == name, f"{path} is a copy of {name} and would count twice: remove it")
    return record


def _require_fields(path, record):
    lacks = KINDS.keys() - (record.keys() if isinstance(record, dict) else ())
    require(not lacks, f"{path} is no result of a seed: it lacks {', '.join(sorted(lacks))}")
    wrong = [name for name, kind in KINDS.items() if type(record[name]) is not kind]
    wrong += [] if wrong else [*_wrong_figures(record)]
    damaged = f"{path} is damaged, or was changed: {', '.join(wrong)} cannot be so"
    require(not wrong, f"{damaged}; remove it")


def _wrong_figures(record):
    for name, least in (("seed", 0), ("epochs", 1)):
        if record[name] < least:
            yield f"{name} {record[name]}"
    if not {"num_seeds", "num_epochs", "rule", "model"} <= record["config"].keys():
        yield "config"
    for part, first in FIRST_EPOCH.items():
        number = record["epochs"] + 1 - first
        for name, figures in record[part].items():
            if not isinstance(figures, list) or len(figures) != number:
                yield f"{part}.{name}"


def _read_json(path):
    try:
        with file_errors(path, "read"):
            return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path} is damaged ({error}); remove it") from error
