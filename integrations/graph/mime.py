"""A letter as MIME: HTML and plain text side by side, under a Message-ID by which its draft is found again."""

import base64
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from integrations.graph.keys import PROPERTY_SET


def message_id(key: str, sender: str) -> str:
    """The same for a key at any try, and nothing that a recipient could read the key from.

    RFC 5322, 3.6.4: unique in the world, and on its right side a domain of whoever makes it.
    """
    mark = sha256(f"{PROPERTY_SET}/{key}".encode()).hexdigest()[:32]
    return f"<{mark}@{sender.rpartition('@')[2]}>"


def as_mime(key: str, sender: str, to_mail: str, to_name: str, subject: str, text: str, html: str) -> bytes:
    """Base64, as Graph takes MIME (learn.microsoft.com/graph/outlook-send-mime-message).

    No From: the mailbox sends in its own name, which Exchange knows best. Of two alternatives, readers show the last
    they can (RFC 2046, 5.1.4), so the HTML comes second.
    """
    letter = EmailMessage(policy=SMTP)
    letter["To"] = Address(" ".join(to_name.split()), addr_spec=to_mail)
    letter["Subject"] = " ".join(subject.split())
    letter["Message-ID"] = message_id(key, sender)
    letter.set_content(text, cte="quoted-printable")
    letter.add_alternative(html, subtype="html", cte="quoted-printable")
    return base64.b64encode(letter.as_bytes())
