"""Prints what Kestra's Python library prints for outputs and metrics, for machines that do not have it (`pip install kestra`)."""

import json


class Kestra:
    @staticmethod
    def _send(message):
        print("::" + json.dumps(message) + "::")

    @staticmethod
    def _metric(name, kind, value, tags):
        Kestra._send({"metrics": [{"name": name, "type": kind, "value": value, "tags": tags or {}}]})

    @staticmethod
    def outputs(values):
        Kestra._send({"outputs": values})

    @staticmethod
    def counter(name, value, tags=None):
        Kestra._metric(name, "counter", value, tags)

    @staticmethod
    def timer(name, seconds, tags=None):
        Kestra._metric(name, "timer", seconds, tags)
