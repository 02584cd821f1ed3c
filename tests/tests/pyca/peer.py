"""pyca/cryptography as a peer: one request a line on standard input, one answer a line on standard output.

A request is tab-separated: operation, keys separated by commas, arguments; bytes are in hexadecimal.
An answer is "ok" and bytes, or "refused", or "raised" and the name of an exception that is no refusal.
"""

import base64
import sys

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC


def encrypt(keys, at, payload):
    return ring(keys).encrypt_at_time(bytes.fromhex(payload), int(at)).hex()


def decrypt(keys, token):
    return ring(keys).decrypt(bytes.fromhex(token)).hex()


def decrypt_at(keys, token, ttl, now):
    return ring(keys).decrypt_at_time(bytes.fromhex(token), int(ttl), int(now)).hex()


def timestamp(keys, token):
    return str(ring(keys).extract_timestamp(bytes.fromhex(token))).encode().hex()


def rotate(keys, token):
    return ring(keys).rotate(bytes.fromhex(token)).hex()


def sign(keys, unsigned):
    """The token of these bytes, whatever they are, with the right MAC."""
    unsigned = bytes.fromhex(unsigned)
    mac = HMAC(base64.urlsafe_b64decode(keys)[:16], SHA256())
    mac.update(unsigned)
    return base64.urlsafe_b64encode(unsigned + mac.finalize()).hex()


def sign_padded(keys, padded):
    """The token of an already padded payload, whatever its padding, with the right MAC."""
    iv = bytes(16)
    encryptor = Cipher(algorithms.AES(base64.urlsafe_b64decode(keys)[16:]), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(bytes.fromhex(padded)) + encryptor.finalize()
    return sign(keys, (b"\x80" + bytes(8) + iv + ciphertext).hex())


def ring(keys):
    return MultiFernet([Fernet(key) for key in keys.split(",")])


OPERATIONS = {f.__name__: f for f in (encrypt, decrypt, decrypt_at, timestamp, rotate, sign, sign_padded)}

for line in sys.stdin:
    operation, *arguments = line.rstrip("\n").split("\t")
    try:
        answer = "ok\t" + OPERATIONS[operation](*arguments)
    except InvalidToken:
        answer = "refused"
    except Exception as error:
        answer = "raised\t" + type(error).__name__
    print(answer)
