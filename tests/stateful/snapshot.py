"""All that lies in Redis at one moment, as plain values."""

import json
from dataclasses import dataclass
from typing import Any

from latentrelay.jobs import RedisClient
from latentrelay.jobs.keys import ROOT

Record = dict[str, str]
TOLD = tuple(f"{ROOT}{name}" for name in ("feed", "recent:", "ended:"))  # of what was; it decides nothing


@dataclass(frozen=True)
class Snapshot:
    """Every key that decides something, without its prefix, and what it holds.

    That is a dict of a hash or a sorted set, a set, a list, or a string.
    """

    keys: dict[str, Any]

    @classmethod
    def of(cls, redis: RedisClient) -> "Snapshot":
        names = sorted(name for name in redis.scan_iter(count=1000) if not name.startswith(TOLD))
        with redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.type(name)
            kinds = pipe.execute()
            for name, kind in zip(names, kinds, strict=True):
                _READ[kind](pipe, name)
            values = pipe.execute()
        return cls({name.removeprefix(ROOT): _plain(value) for name, value in zip(names, values, strict=True)})

    def all(self, name: str) -> dict[str, Any]:
        """What lies under `name:`, by the rest of the key."""
        start = f"{name}:"
        return {key[len(start) :]: value for key, value in self.keys.items() if key.startswith(start)}

    def one(self, key: str) -> Any:
        """What lies under a key; nothing where it is not there."""
        return self.keys.get(key, {})

    @property
    def records(self) -> dict[str, Record]:
        """Every job's record, by id."""
        return self.all("job")

    @property
    def live(self) -> dict[str, Record]:
        """The records of jobs that have not ended."""
        return {job_id: record for job_id, record in self.records.items() if is_live(record)}

    @property
    def waiting(self) -> dict[str, Record]:
        """The records of jobs that can be claimed."""
        delayed = self.one("delayed")
        return {job_id: record for job_id, record in self.live.items() if not record["owner"] and job_id not in delayed}

    @property
    def without_clock(self) -> dict[str, Any]:
        """Everything but leases' ends, which every sign of life moves."""
        return {key: sorted(value) if key == "leases" else value for key, value in self.keys.items()}


def is_live(record: Record) -> bool:
    return record["status"] in ("queued", "running")


def after(record: Record) -> str:
    """The stage after the one the job is in, '' where that is the last."""
    stages = [*record["route"].split(","), ""]
    return stages[stages.index(record["stage"]) + 1]


def owners_read(record: Record) -> set[str]:
    """The jobs and uploads whose objects the job reads."""
    return {made["key"].split("/")[1] for made in json.loads(record["inputs"])}


_READ = {
    "string": lambda pipe, name: pipe.get(name),
    "hash": lambda pipe, name: pipe.hgetall(name),
    "set": lambda pipe, name: pipe.smembers(name),
    "list": lambda pipe, name: pipe.lrange(name, 0, -1),
    "zset": lambda pipe, name: pipe.zrange(name, 0, -1, withscores=True),
    "stream": lambda pipe, name: pipe.xrange(name),
}


def _plain(value: Any) -> Any:
    is_zset = isinstance(value, list) and value and isinstance(value[0], tuple) and isinstance(value[0][1], float)
    return dict(value) if is_zset else value
