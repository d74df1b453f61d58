"""Requests as tasks of Celery, whose worker has used sessions before it forks."""

import json
import os

import redis
from celery import Celery
from counting_app import visit

celery = Celery("tasks", broker=os.environ["BROKER"])
celery.conf.update(
    task_ignore_result=True, broker_connection_retry_on_startup=True, worker_hijack_root_logger=False
)


@celery.task
def perform(path, cookie, reply_to):
    with redis.Redis.from_url(os.environ["BROKER"]) as broker:
        broker.rpush(reply_to, json.dumps(visit(path, cookie)))
