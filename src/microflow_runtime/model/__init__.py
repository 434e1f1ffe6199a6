"""Frozen records of everything the runtime talks about. No input or output happens here, and nothing changes in place.

Others use: the records of `app`, `business_object`, `microflow`, `execution` and `principal`.
"""
