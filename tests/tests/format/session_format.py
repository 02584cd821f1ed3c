"""Sessions of fastsession in Python: a reader and writer after docs/format.md.

As a program it answers requests, one JSON object a line; see OPERATIONS.
"""

import base64
import hashlib
import hmac
import json
import re
import struct
import sys
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MAX_DEPTH = 32
SKEW = 60


class Refused(Exception):
    """What was read is not a session."""


# Base64, sealing and keys


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text):
    """Strict: padding is absent or exact, and no bits are left behind the last byte."""
    bare = text.rstrip("=")
    if not re.fullmatch("[A-Za-z0-9_-]*", bare) or len(bare) % 4 == 1:
        raise Refused
    data = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    if base64url(data) != bare or text not in (bare, bare + "=" * (-len(bare) % 4)):
        raise Refused
    return data


def mac(key, message):
    return hmac.digest(key, message, "sha256")


def cipher(key, iv):
    return Cipher(algorithms.AES(key), modes.CBC(iv))


def seal(key, at, iv, content):
    padding = 16 - len(content) % 16
    encryptor = cipher(key[16:], iv).encryptor()
    token = b"\x80" + struct.pack(">Q", at) + iv
    token += encryptor.update(content + bytes([padding]) * padding) + encryptor.finalize()
    return token + mac(key[:16], token)


def unseal(key, token):
    """When the token was sealed, and its content."""
    if len(token) < 73 or (len(token) - 57) % 16 != 0 or token[0] != 0x80:
        raise Refused
    signed, tag = token[:-32], token[-32:]
    if not hmac.compare_digest(mac(key[:16], signed), tag):
        raise Refused
    decryptor = cipher(key[16:], signed[9:25]).decryptor()
    padded = decryptor.update(signed[25:]) + decryptor.finalize()
    padding = padded[-1]
    if not 1 <= padding <= 16 or padded[-padding:] != bytes([padding]) * padding:
        raise Refused
    return struct.unpack(">Q", signed[1:9])[0], padded[:-padding]


def parse_key(text):
    text = text.strip().replace("+", "-").replace("/", "_").rstrip("=")
    key = from_base64url(text)
    if len(key) != 32 or len(set(key)) == 1:
        raise ValueError("no key")
    return key


def derive_key(passphrase, salt, iterations=600_000):
    return hashlib.pbkdf2_hmac("sha256", passphrase, salt, iterations)


def subkey(key, purpose, namespace, rest):
    prk = mac(b"fastsession hkdf 1", key)
    name = namespace.encode()
    return mac(prk, purpose + struct.pack(">H", len(name)) + name + rest + b"\x01")


def record_key(key, namespace, session_id):
    root = subkey(key, b"fastsession record 1", namespace, b"")
    return hashlib.sha256(b"\x00\x00\x00\x01" + root + b"fastsession keys of record 1" + session_id).digest()


def listing_key(key, namespace, store_key):
    return subkey(key, b"fastsession listing 1", namespace, store_key.encode())


def owner_key(key, namespace, owner):
    return subkey(key, b"fastsession owner 1", namespace, owner.encode()).hex()


def store_key(namespace, session_id):
    return hashlib.sha256(namespace.encode() + b"\x00" + session_id).hexdigest()


def end_mark(namespace, session_id):
    return hashlib.sha256(namespace.encode() + b"\x00ended\x00" + session_id).hexdigest()


# The wire format


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        if length > len(self.data) - self.at:
            raise Refused
        self.at += length
        return self.data[self.at - length : self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        number = 0
        for index in range(10):
            byte = self.byte()
            number |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if number >= 1 << 64 or (byte == 0 and index > 0):
                    raise Refused
                return number
        raise Refused

    def optional(self, read):
        match self.byte():
            case 0:
                return None
            case 1:
                return read()
        raise Refused

    def text(self, errors="strict"):
        try:
            return self.take(self.varint()).decode(errors=errors)
        except UnicodeDecodeError:
            raise Refused from None

    def inner_text(self):
        """In values: whether it is UTF-8 is seen where it is used."""
        return self.text("surrogateescape")

    def count(self, each):
        count = self.varint()
        if count * each > len(self.data) - self.at:
            raise Refused
        return count

    def end(self):
        if self.at != len(self.data):
            raise Refused

    def value(self, depth=0):
        match self.byte():
            case 0:
                return None
            case 1:
                bit = self.byte()
                if bit > 1:
                    raise Refused
                return bit == 1
            case 2:
                number = self.varint()
                return (number >> 1) ^ -(number & 1)
            case 3:
                number = self.varint()
                if number < 1 << 63:
                    raise Refused
                return number
            case 4:
                return struct.unpack("<d", self.take(8))[0]
            case 5:
                return self.inner_text()
            case 6:
                return self.take(self.varint())
            case 7:
                inner = enter(depth)
                return [self.value(inner) for _ in range(self.count(1))]
            case 8:
                inner = enter(depth)
                return Map((self.inner_text(), self.value(inner)) for _ in range(self.count(2)))
        raise Refused


class Map(list):
    """Pairs of key and value: a key may stand there twice."""


def enter(depth):
    if depth == MAX_DEPTH:
        raise Refused
    return depth + 1


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def optional(number, write):
    return b"\x00" if number is None else b"\x01" + write(number)


def counted(data):
    return varint(len(data)) + data


def text(string):
    return counted(string.encode(errors="surrogateescape"))


def value(tree):
    match tree:
        case None:
            return b"\x00"
        case bool():
            return b"\x01" + bytes([tree])
        case int() if tree >= 1 << 63:
            return b"\x03" + varint(tree)
        case int():
            return b"\x02" + varint(2 * tree if tree >= 0 else -2 * tree - 1)
        case float():
            return b"\x04" + struct.pack("<d", tree)
        case str():
            return b"\x05" + text(tree)
        case bytes():
            return b"\x06" + counted(tree)
        case Map():
            return b"\x08" + varint(len(tree)) + b"".join(text(key) + value(inner) for key, inner in tree)
        case list():
            return b"\x07" + varint(len(tree)) + b"".join(value(inner) for inner in tree)
    raise TypeError(tree)


# Sessions


@dataclass
class Entry:
    key: str
    value: object
    # When it is over, if it is before the session.
    end: int | None = None
    flash: bool = False


@dataclass
class Session:
    revision: int
    created: int
    last_seen: int
    authenticated_at: int | None = None
    idle_timeout: int | None = None
    absolute_timeout: int | None = None
    csrf_secret: bytes | None = None
    owner: str | None = None
    label: str = ""
    entries: list[Entry] = field(default_factory=list)

    def encode(self):
        out = b"\x01\x01" + varint(self.revision) + varint(self.created) + varint(self.last_seen)
        for number in (self.authenticated_at, self.idle_timeout, self.absolute_timeout):
            out += optional(number, varint)
        out += optional(self.csrf_secret, bytes) + optional(self.owner, text) + text(self.label)
        out += varint(len(self.entries))
        for entry in self.entries:
            out += text(entry.key)
            out += b"\x02" if entry.flash else optional(entry.end, varint)
            out += value(entry.value)
        return out

    @classmethod
    def decode(cls, content):
        reader = Reader(content)
        if reader.take(2) != b"\x01\x01":
            raise Refused
        revision, created, last_seen = (reader.varint() for _ in range(3))
        authenticated_at, idle, absolute = (reader.optional(reader.varint) for _ in range(3))
        secret = reader.optional(lambda: reader.take(32))
        owner, label = reader.optional(reader.text), reader.text()
        if owner is not None and not 1 <= len(owner.encode()) <= 255 or len(label.encode()) > 128:
            raise Refused
        session = cls(revision, created, last_seen, authenticated_at, idle, absolute, secret, owner, label)
        for _ in range(reader.count(3)):
            key, life = reader.text(), reader.byte()
            if not 1 <= len(key.encode()) <= 255 or life > 2:
                raise Refused
            end = reader.varint() if life == 1 else None
            session.entries.append(Entry(key, reader.value(), end, life == 2))
        reader.end()
        return session

    def check_times(self, now, idle, absolute):
        idle = idle if self.idle_timeout is None else self.idle_timeout
        absolute = absolute if self.absolute_timeout is None else self.absolute_timeout
        if max(self.created, self.last_seen) > now + SKEW:
            raise Refused
        last = (1 << 64) - 1
        if min(self.last_seen + idle, self.created + absolute, last) <= now:
            raise Refused


@dataclass
class Format:
    """What an application has set."""

    keys: list[bytes]
    namespace: str = "session"
    cookie: str = "__Host-session"
    idle: int = 3_600
    absolute: int = 14 * 86_400

    def any_key(self, read):
        for key in self.keys:
            try:
                return read(key)
            except Refused:
                continue
        raise Refused

    def values(self, headers, name):
        pairs = (pair.split("=", 1) for header in headers for pair in header.split(";") if "=" in pair)
        return [cookie.strip(" \t") for known, cookie in pairs if known.strip(" \t") == name][:4]

    def open_cookie(self, headers, now):
        for cookie in self.values(headers, self.cookie):
            try:
                return self.open_token(cookie, now)
            except Refused:
                continue
        raise Refused

    def open_token(self, cookie, now):
        if len(cookie) > 268:
            raise Refused
        token = from_base64url(cookie)
        at, session_id = self.any_key(lambda key: unseal(key, token))
        if not re.fullmatch(rb"[\x21-\x7e]{22,128}", session_id):
            raise Refused
        if at > now + SKEW or at + 34_560_000 <= now:
            raise Refused
        return session_id

    def seal_cookie(self, session_id, at, iv):
        return base64.urlsafe_b64encode(seal(self.keys[0], at, iv, session_id)).decode()

    def open_record(self, session_id, record, now):
        _, content = self.any_key(lambda key: unseal(record_key(key, self.namespace, session_id), record))
        session = Session.decode(content)
        session.check_times(now, self.idle, self.absolute)
        return session

    def open_data_cookie(self, headers, session_id, now):
        for data in self.values(headers, self.cookie + "-data"):
            try:
                return self.open_record(session_id, from_base64url(data), now)
            except Refused:
                continue
        raise Refused

    def seal_record(self, session_id, session, at, iv):
        return seal(record_key(self.keys[0], self.namespace, session_id), at, iv, session.encode())

    def open_listing(self, name, entry):
        _, content = self.any_key(lambda key: unseal(listing_key(key, self.namespace, name), entry))
        reader = Reader(content)
        if reader.take(2) != b"\x02\x01":
            raise Refused
        listing = {"created": reader.varint(), "last_seen": reader.varint(), "label": reader.text()}
        reader.end()
        return listing

    def seal_listing(self, name, session, at, iv):
        content = b"\x02\x01" + varint(session.created) + varint(session.last_seen) + text(session.label)
        return seal(listing_key(self.keys[0], self.namespace, name), at, iv, content)


def csrf_secret(session_id, session):
    if session.csrf_secret is not None:
        return session.csrf_secret
    return hmac.digest(session_id, b"fastsession csrf 1", "sha256")


def csrf_token(secret, mask):
    return base64url(mask + bytes(a ^ b for a, b in zip(mask, secret, strict=True)))


def verify_csrf(secret, token):
    try:
        data = from_base64url(token) if len(token) == 86 else b""
    except Refused:
        return False
    masked = bytes(a ^ b for a, b in zip(data[:32], data[32:], strict=True))
    return hmac.compare_digest(masked, secret)


# As a program


def settings(request):
    return Format([parse_key(key) for key in request["keys"]], request["namespace"])


def to_json(session):
    entries = [
        {"key": entry.key, "end": entry.end, "flash": entry.flash, "value": value(entry.value).hex()}
        for entry in session.entries
    ]
    secret = session.csrf_secret and session.csrf_secret.hex()
    return vars(session) | {"csrf_secret": secret, "entries": entries}


def from_json(session):
    entries = []
    for entry in session["entries"]:
        reader = Reader(bytes.fromhex(entry["value"]))
        entries.append(Entry(entry["key"], reader.value(), entry["end"], entry["flash"]))
    secret = session["csrf_secret"] and bytes.fromhex(session["csrf_secret"])
    return Session(**session | {"csrf_secret": secret, "entries": entries})


def read(request):
    """What a request with these cookies and this record has."""
    form, now = settings(request), request["now"]
    session_id = form.open_cookie(request["headers"], now)
    session = form.open_record(session_id, bytes.fromhex(request["record"]), now)
    name = store_key(form.namespace, session_id)
    answer = {
        "store_key": name,
        "end_mark": end_mark(form.namespace, session_id),
        "session": to_json(session),
        "csrf": verify_csrf(csrf_secret(session_id, session), request["csrf"]),
    }
    if session.owner is not None:
        answer["owner_key"] = owner_key(form.keys[0], form.namespace, session.owner)
        answer["listing"] = form.open_listing(name, bytes.fromhex(request["entry"]))
    copy = form.open_data_cookie(request["headers"], session_id, now)
    assert copy == session
    return answer


def write(request):
    """A session's cookies, record and listing entry, and what else belongs to it."""
    form, session, at = settings(request), from_json(request["session"]), request["now"]
    session_id = request["id"].encode()
    ivs = [bytes.fromhex(iv) for iv in request["ivs"]]
    name = store_key(form.namespace, session_id)
    record = form.seal_record(session_id, session, at, ivs[1])
    return {
        "store_key": name,
        "cookie": form.seal_cookie(session_id, at, ivs[0]),
        "data_cookie": base64url(record),
        "record": record.hex(),
        "content": session.encode().hex(),
        "entry": form.seal_listing(name, session, at, ivs[2]).hex(),
        "csrf": csrf_token(csrf_secret(session_id, session), bytes.fromhex(request["mask"])),
    }


def judge(request):
    """The record of any content, and whether that is a session."""
    form, session_id, now = settings(request), request["id"].encode(), request["now"]
    key = record_key(form.keys[0], form.namespace, session_id)
    record = seal(key, now, bytes(16), bytes.fromhex(request["content"]))
    try:
        form.open_record(session_id, record, now)
        return {"record": record.hex(), "opens": True}
    except Refused:
        return {"record": record.hex(), "opens": False}


OPERATIONS = {"read": read, "write": write, "judge": judge}

if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = OPERATIONS[request["operation"]](request)
        except Refused:
            answer = {"refused": True}
        print(json.dumps(answer))
