"""procrastinate: each job is deferred by itself, 20 at a time; a worker of 20 does them.

drive.py ADDRESS JOBS      the address of an empty PostgreSQL database; JSON on standard output
"""

import asyncio
import json
import sys
import time

import procrastinate

AT_ONCE = 20


async def run(address: str, count: int) -> dict[str, float]:
    """Seconds from the first deferral to the end of the last job, and of processor time of this process."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address, max_size=AT_ONCE + 2))
    done, left = asyncio.Event(), count

    @app.task(name="job")
    async def job(number: int) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        begun, processor = time.monotonic(), time.process_time()
        numbers = iter(range(count))

        async def defer() -> None:
            for number in numbers:
                await job.defer_async(number=number)

        worker = asyncio.create_task(
            app.run_worker_async(concurrency=AT_ONCE, wait=True, install_signal_handlers=False)
        )
        await asyncio.gather(*(defer() for _ in range(AT_ONCE)))
        await done.wait()
        seconds, spent = time.monotonic() - begun, time.process_time() - processor
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    return {"seconds": seconds, "processor": spent}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sys.argv[1], int(sys.argv[2])))))
