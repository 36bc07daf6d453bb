"""
A mail server that takes everything and keeps nothing, for machines without Postfix's `smtp-sink`.

It answers pipelined commands in one write, and shares the machine with what is measured: figures against it
are lower than against a sink in C, the bare loop's as well.

    python -m benchmarks.sink PORT
"""

import asyncio
import sys

GREETING = b"220 sink ESMTP\r\n"
FEATURES = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
END = b"\r\n.\r\n"


class Session(asyncio.Protocol):
    """One conversation. Between DATA and the final dot bytes are looked at for that dot only."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._unread = b""
        self._is_in_data = False
        transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        answers = []
        while answer := self._next():
            answers.append(answer)
        self._transport.write(b"".join(answers))

    def _next(self) -> bytes:
        """Return the answer to what comes next, b"" where it has not all arrived."""
        end = END if self._is_in_data else b"\r\n"
        text, found, rest = self._unread.partition(end)
        if not found:
            return b""
        self._unread = rest
        if self._is_in_data:
            self._is_in_data = False
            return b"250 2.0.0 taken\r\n"
        verb = text[:4].upper()
        if verb == b"DATA":
            self._is_in_data = True
            return b"354 go ahead\r\n"
        if verb == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
            return b""
        return FEATURES if verb == b"EHLO" else b"250 2.0.0 ok\r\n"


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
