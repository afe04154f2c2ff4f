"""Which gateway of text messages the installation has, by ABONENT_SMS_URL."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from abonent.kernel.settings import Settings, secret_key
from abonent.kernel.site import whole_link
from abonent.kernel.sms.files import FileGateway
from abonent.kernel.sms.gateway import Gateway
from abonent.kernel.sms.http import HOOKS, KannelGateway, SmscGateway
from abonent.kernel.sms.smpp import SmppGateway


def sms_gateway(settings: Settings) -> Gateway:
    """Answer the gateway; without a setting messages go into files. Reads the secret's file."""
    if settings.sms_url is None:
        return FileGateway(settings.home / "sms", aloud=settings.log_format == "console")
    url, sender = settings.sms_url.get_secret_value(), settings.sms_sender
    if urlsplit(url).scheme in {"smpp", "smpps"}:
        return SmppGateway(url, sender)
    hooks = whole_link(f"{HOOKS}/{hook_key(secret_key(settings))}")
    made = KannelGateway if url.startswith("kannel+") else SmscGateway
    return made(url, sender, hooks)


def hook_key(secret: bytes) -> str:
    """What the address of the hooks holds, so that nobody else can call them."""
    return hmac.new(secret, b"sms hooks", hashlib.sha256).hexdigest()[:32]
