"""Many watchers on one job, a tenth of which do not read: the job does not notice, and the server's memory is bounded."""

import asyncio
import threading
import time

import grpc
import pytest

from api import Api
from campaign import prepare, submit, train_spec

EPOCHS = 60
READING, STALLED = 180, 20
# What the server may grow by for each watcher: buffers of one stream, of bounded size.
MEMORY_PER_WATCHER_KIB = 512
OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


async def read_log(channel, path, request, decode):
    call = channel.unary_stream(path, response_deserializer=decode)(request)
    return [event.seq async for response in call for event in response.events if event.seq]


async def read_logs(address, count, path, request, decode):
    """The sequence numbers that each of `count` watchers sees; they share ten connections."""
    channels = [grpc.aio.insecure_channel(address, options=OWN_CONNECTION) for _ in range(10)]
    logs = await asyncio.gather(*(read_log(channels[number % len(channels)], path, request, decode) for number in range(count)))
    for channel in channels:
        await channel.close()
    return logs


class Readers(threading.Thread):
    """Watchers that read, in an event loop of their own."""

    def __init__(self, api, address, job_id):
        super().__init__()
        method = "seedbed.v1.JobService/WatchJob"
        request = api.request(method, {"id": job_id}).SerializeToString()
        self._arguments = (address, READING, f"/{method}", request, api.response_class(method).FromString)
        self.logs = []

    def run(self):
        self.logs = asyncio.run(read_logs(*self._arguments))


def stalled_watchers(address, job_id):
    """Connections with an open watch that nobody reads."""
    connections = [Api(address, OWN_CONNECTION) for _ in range(STALLED)]
    return connections, [connection.stream("seedbed.v1.JobService/WatchJob", {"id": job_id}) for connection in connections]


def finish(service, job_id, begin):
    service.wait_for_state(job_id, "SUCCEEDED", "FAILED", "CANCELLED", seconds=120)
    return time.monotonic() - begin


@pytest.mark.slow
def test_stalled_watchers_cost_nobody_anything(service, api, seedlings):
    prepare(service, seedlings)
    begin = time.monotonic()
    alone = finish(service, submit(api, train_spec("alone", EPOCHS)), begin)
    memory_before = service.memory_kib()

    begin = time.monotonic()
    job_id = submit(api, train_spec("watched", EPOCHS))
    connections, calls = stalled_watchers(service.address, job_id)
    readers = Readers(api, service.address, job_id)
    readers.start()
    watched = finish(service, job_id, begin)
    grown = service.memory_kib() - memory_before
    readers.join(timeout=60)

    expected = [event["seq"] for event in service.events(job_id)]
    assert expected == list(range(1, len(expected) + 1))
    assert len(readers.logs) == READING and all(log == expected for log in readers.logs)
    assert [event.seq for response in calls[0] for event in response.events if event.seq] == expected, "a stalled watcher reads on where it stood"
    print(f"{EPOCHS} epochs: {alone:.2f} s alone, {watched:.2f} s with {READING} + {STALLED} watchers; server grew by {grown / 1024:.1f} MiB")
    assert grown < MEMORY_PER_WATCHER_KIB * (READING + STALLED)
    for connection in connections:
        connection.close()
