"""Keeps every answer that a client gets, so that those of two servers can be compared."""

import threading

import grpc
from google.protobuf.text_format import MessageToString


class Answers:
    """A stream of answers that are recorded when they are taken."""

    def __init__(self, call, note):
        self.call, self.note = call, note

    def __iter__(self):
        return self

    def __next__(self):
        try:
            answer = next(self.call)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.CANCELLED:
                self.note(f"{error.code().name} {error.details()}")
            raise
        self.note(MessageToString(answer, as_one_line=True))
        return answer

    def cancel(self):
        return self.call.cancel()


class Recorder(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor):
    def __init__(self):
        self.lock, self.answers = threading.Lock(), {}

    def note(self, method):
        """What takes the answers of a call."""

        def note(text):
            with self.lock:
                self.answers.setdefault(method, []).append(text)

        return note

    def intercept_unary_unary(self, proceed, details, request):
        call = proceed(details, request)
        note = self.note(details.method)
        if call.code() == grpc.StatusCode.OK:
            note(MessageToString(call.result(), as_one_line=True))
        else:
            note(f"{call.code().name} {call.details()}")
        return call

    def intercept_unary_stream(self, proceed, details, request):
        return Answers(proceed(details, request), self.note(details.method))

    def intercept_stream_stream(self, proceed, details, requests):
        return Answers(proceed(details, requests), self.note(details.method))

    def write(self, path):
        """Writes them by method, for streams are answered beside other calls."""
        with open(path, "w") as file:
            for method, answers in sorted(self.answers.items()):
                file.writelines(f"{method} {answer}\n" for answer in answers)
