"""A throw-away S3 server in a process of its own (moto), with one empty bucket."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.servers import free_port

BUCKET = "images"
KEYS = {"access_key": "tests", "secret_key": "tests-tests-tests"}
PATIENCE_S = 60


class ObjectStoreServer:
    def __init__(
        self, *, host: str = "127.0.0.1", prefix: tuple[str, ...] = ()
    ) -> None:
        """prefix: words before the command, for a network of its own."""
        self.host, self.port = host, free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", host, "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=KEYS["access_key"],
            aws_secret_access_key=KEYS["secret_key"],
            config=Config(connect_timeout=1, retries={"max_attempts": 0}),
        )

    def wait(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.client.create_bucket(Bucket=BUCKET)
            except (BotoCoreError, ClientError):
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.1)
            else:
                return

    def names(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [one["Key"] for one in listed]

    def environment(self) -> dict[str, str]:
        """For the production profile."""
        return {
            "FILES": "s3",
            "S3_BUCKET": BUCKET,
            "S3_ENDPOINT_URL": self.url,
            "S3_REGION": "us-east-1",
            "S3_ACCESS_KEY": KEYS["access_key"],
            "S3_SECRET_KEY": KEYS["secret_key"],
        }

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def object_store_server() -> Iterator[ObjectStoreServer]:
    server = ObjectStoreServer()
    try:
        server.wait()
        yield server
    finally:
        server.stop()
