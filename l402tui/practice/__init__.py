"""What can be tried without a network and without money?

An L402 server with its own Lightning node, on this machine only: real macaroons, real signed
regtest invoices, real hashes, and a switch for every kind of mistake.

Nothing is imported here, because the server's parts are heavy: import :mod:`~.run` for a running
server, :mod:`~.switches` for the mistakes it can make.
"""
