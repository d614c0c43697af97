"""Open-loop banking traffic for Locust: ``locust -f loadtests/locustfile.py --host http://the-bank``."""

from drdrill.traffic.locust_dispatcher import Dispatcher

__all__ = ["Dispatcher"]
