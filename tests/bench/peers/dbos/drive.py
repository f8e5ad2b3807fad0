"""DBOS: each job is a workflow of one step, put into a queue; 100 run at a time.

drive.py ADDRESS JOBS      the address of an empty PostgreSQL database; JSON on standard output
"""

import asyncio
import json
import sys
import time

from dbos import DBOS

AT_ONCE = 100
POLL_SECONDS = 0.05  # its own second would be most of the time
QUEUE = "jobs"


@DBOS.step()
async def step(number: int) -> int:
    return number


@DBOS.workflow()
async def job(number: int) -> int:
    return await step(number)


async def run(address: str, count: int) -> dict[str, float]:
    """Seconds from the first enqueuing to the end of the last job, and of processor time of this process."""
    DBOS(
        config={
            "name": "bench",
            "system_database_url": address,
            "log_level": "ERROR",
            "run_admin_server": False,
        }
    )
    DBOS.launch()
    await DBOS.register_queue_async(QUEUE, worker_concurrency=AT_ONCE, polling_interval_sec=POLL_SECONDS)
    begun, processor = time.monotonic(), time.process_time()
    handles = [await DBOS.enqueue_workflow_async(QUEUE, job, number) for number in range(count)]
    for handle in handles:
        await handle.get_result()
    told = {"seconds": time.monotonic() - begun, "processor": time.process_time() - processor}
    DBOS.destroy()
    return told


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sys.argv[1], int(sys.argv[2])))))
