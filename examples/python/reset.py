#!/usr/bin/env python3
"""Resets one user, then the users of a file, several at once.

    reset.py ID FILE             the file has one id a line; the key is in JCApiKey
    reset.py --name NAME FILE    with usernames or e-mail addresses in place of the ids

With --journal JOURNAL before them the run keeps a journal. After Ctrl+C or a crash the same command with --resume goes
on: whoever was reset, or may have been, is not sent. Look up those who may have been, then --resume --retry-unknown
sends them again.

Exit status: 0 if all were reset, 1 if not, 2 for a wrong call or configuration, 130 after Ctrl+C.
Loads the library from the path in JCSDK_LIBRARY, else libjcsdk.so.1 from where the loader finds it.
"""

import argparse
import json
import os
import signal
import sys
from collections import Counter
from ctypes import CDLL, POINTER, Structure, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from ctypes import string_at
from itertools import chain

OK, TIMEOUT, FULL, END = 0, 5, 6, 7
EXCLUSION_UNSET, UNTIL_UNSET = -1, -(2**63)
BY_NAME = 2
JOURNAL_RESUME, JOURNAL_RETRY_UNKNOWN = 1, 2
AT_ONCE = 8


class Buffer(Structure):
    _fields_ = [("ptr", c_void_p), ("len", c_size_t), ("cap", c_size_t)]

    def take(self):
        """Returns the document in the buffer, and frees the buffer."""
        try:
            return json.loads(string_at(self.ptr, self.len)) if self.ptr else None
        finally:
            lib.jc_buf_free(byref(self))


lib = CDLL(os.environ.get("JCSDK_LIBRARY", "libjcsdk.so.1"))
REQUEST = [c_char_p, c_int32, c_int64]
for name, result, arguments in [
    ("jc_buf_free", None, [POINTER(Buffer)]),
    ("jc_reset_system_user_mfa", c_int32, [*REQUEST, POINTER(Buffer)]),
    ("jc_client_new", c_int32, [c_void_p, POINTER(c_void_p), POINTER(Buffer)]),
    ("jc_client_reset_system_user_mfa", c_int32, [c_void_p, *REQUEST, c_uint32, POINTER(Buffer)]),
    ("jc_client_free", None, [c_void_p]),
    ("jc_batch_new", c_int32, [c_void_p, c_uint32, POINTER(c_void_p)]),
    ("jc_batch_set_journal", c_int32, [c_void_p, c_char_p, c_uint32, POINTER(Buffer)]),
    ("jc_batch_push", c_int32, [c_void_p, *REQUEST, c_uint32, c_uint64]),
    ("jc_batch_next", c_int32, [c_void_p, c_uint32, POINTER(Buffer)]),
    ("jc_batch_close", c_int32, [c_void_p]),
    ("jc_batch_cancel", c_int32, [c_void_p]),
    ("jc_batch_free", None, [c_void_p]),
]:
    function = getattr(lib, name)
    function.restype, function.argtypes = result, arguments


class ConfigurationError(Exception):
    def __init__(self, document):
        super().__init__(f"{document['message']} {document['hint']}")


def request(user):
    # C text ends at a NUL, and an id that is cut there may be that of another user.
    if "\0" in user:
        raise ValueError("an id or a name must not contain a NUL")
    return user.encode(), EXCLUSION_UNSET, UNTIL_UNSET


def reset(user_id):
    buffer = Buffer()
    lib.jc_reset_system_user_mfa(*request(user_id), byref(buffer))
    return buffer.take()


class Client:
    def __enter__(self):
        self.handle, error = c_void_p(), Buffer()
        if lib.jc_client_new(None, byref(self.handle), byref(error)) != OK:
            raise ConfigurationError(error.take())
        return self

    def __exit__(self, *_):
        lib.jc_client_free(self.handle)

    def reset(self, user, flags):
        buffer = Buffer()
        lib.jc_client_reset_system_user_mfa(self.handle, *request(user), flags, byref(buffer))
        return buffer.take()

    def reset_all(self, users, flags, journal, journal_flags, is_stopped):
        """Yields the results in the order of the users. After a stop, only users who were pushed before have one."""
        batch, buffer, user = c_void_p(), Buffer(), next(users, None)
        lib.jc_batch_new(self.handle, AT_ONCE, byref(batch))
        try:
            if journal is not None:
                if lib.jc_batch_set_journal(batch, os.fsencode(journal), journal_flags, byref(buffer)) != OK:
                    raise ConfigurationError(buffer.take())
            while True:
                while user is not None and not is_stopped():
                    pushed = lib.jc_batch_push(batch, *request(user), flags, 0)
                    if pushed == FULL:
                        break
                    if pushed != OK:
                        raise RuntimeError(f"jc_batch_push returned {pushed}")
                    user = next(users, None)
                if is_stopped():
                    lib.jc_batch_cancel(batch)
                elif user is None:
                    lib.jc_batch_close(batch)
                # A short wait, because Python runs its signal handlers only between calls.
                status = lib.jc_batch_next(batch, 100, byref(buffer))
                if status == END:
                    return
                if status != TIMEOUT:
                    yield buffer.take()
        finally:
            lib.jc_batch_free(batch)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", dest="flags", action="store_const", const=BY_NAME, default=0)
    parser.add_argument("--journal")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--retry-unknown", action="store_true")
    parser.add_argument("user")
    parser.add_argument("file")
    options = parser.parse_args(arguments)
    if options.retry_unknown and not options.resume:
        parser.error("--retry-unknown needs --resume")
    if options.resume and options.journal is None:
        parser.error("--resume needs --journal")
    return options


def main(arguments):
    options = parse(arguments)
    flags, journal = options.flags, options.journal
    journal_flags = options.resume * JOURNAL_RESUME | options.retry_unknown * JOURNAL_RETRY_UNKNOWN
    outcomes, stopped = Counter(), []

    def tell(result):
        outcomes[result["outcome"]] += 1
        if result["outcome"] != "reset":
            print(f"\r{result['message']} {result['hint']}", file=sys.stderr)
        print(f"\r{outcomes.total()} done", end="", file=sys.stderr)

    try:
        with open(options.file, encoding="utf-8-sig") as lines, Client() as client:
            users = (line.strip() for line in lines if line.strip())
            if journal is not None:
                users = chain([options.user], users)  # only a batch has a journal
            else:
                tell(client.reset(options.user, flags) if flags else reset(options.user))
            signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
            for result in client.reset_all(users, flags, journal, journal_flags, lambda: bool(stopped)):
                tell(result)
    except (ConfigurationError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    names = ["reset", "refused", "unknown", "cancelled", "invalid"]
    print("\n" + ", ".join(f"{outcomes[name]} {name}" for name in names))
    return 130 if stopped else int(outcomes.total() > outcomes["reset"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
