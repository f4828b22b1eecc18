"""How does a request leave, and what comes back?

:class:`~.transport.HttpTransport` sends it with limits and rules of its own. Nothing is imported
here: httpx is heavy, and whoever sends nothing does not need it.
"""
