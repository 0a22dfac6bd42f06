"""The signature of what is told, by the rule of Standard Webhooks: HMAC-SHA256 over the id, the time and the body."""

import hmac
from base64 import b64decode, b64encode

PREFIX = "whsec_"


def secret_of(salt: bytes, key: str) -> str:
    """The secret of a webhook, made of its salt and of the installation's key; it is stored nowhere.

    >>> secret_of(b"salt", "key") == secret_of(b"salt", "key") != secret_of(b"salt", "other")
    True
    """
    return PREFIX + b64encode(hmac.digest(key.encode(), b"webhook\n" + salt, "sha256")).decode()


def signature(secret: str, number: str, at: int, body: bytes) -> str:
    """What `webhook-signature` says.

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    key = b64decode(secret.removeprefix(PREFIX))
    said = f"{number}.{at}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, said, "sha256")).decode()
