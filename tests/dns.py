"""A real name server on loopback that answers with what it was given."""

import socketserver
import threading

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

SILENCE = "silence"


class NameServer:
    """
    Use as a context manager. `put("shop.example", "TXT", '"v=spf1 -all"')` as in a zone file; several values
    make several records. `is_silent`: no answer to anything.
    """

    def __init__(self):
        self.records = {}
        self.asked = []
        self.is_silent = False

    def put(self, name, kind, *values):
        self.records[name, kind] = list(values)

    def text(self, name, *texts):
        """TXT records, cut into strings of 255 as DNS wants them."""
        self.put(name, "TXT", *(_quoted(text) for text in texts))

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                data, socket = self.request
                answer = outer.answer(data)
                if answer:
                    socket.sendto(answer, self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_exc):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, data):
        asked = dns.message.from_wire(data)
        [question] = asked.question
        name, kind = (
            question.name.to_text(omit_final_dot=True).lower(),
            dns.rdatatype.to_text(question.rdtype),
        )
        self.asked.append((name, kind))
        if self.is_silent:
            return None
        answer = dns.message.make_response(asked)
        values = self.records.get((name, kind)) or self.records.get((name, "CNAME"))
        if values:
            found = kind if (name, kind) in self.records else "CNAME"
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", found, *values))
            if found == "CNAME" != kind:
                target = values[0]
                beyond = self.records.get((target.rstrip("."), kind))
                if beyond:
                    answer.answer.append(
                        dns.rrset.from_text(dns.name.from_text(target), 60, "IN", kind, *beyond)
                    )
        elif not any(known == name or known.endswith(f".{name}") for known, _kind in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


def _quoted(text):
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))
