"""Reading an identify message with py-libp2p's own decoder and signature check."""

from libp2p.identity.identify.pb.identify_pb2 import Identify
from libp2p.peer.envelope import consume_envelope
from libp2p.peer.id import ID
from multiaddr import Multiaddr

from .peer import Identified

RECORD_DOMAIN = "libp2p-peer-record"
RECORD_TYPE = bytes([0x03, 0x01])


def read_identify(message: bytes, sender: str) -> Identified:
    """Decodes the message `sender` sent, and checks the signed record in it as the sender's."""
    identify = Identify.FromString(message)
    return Identified(
        agent=identify.agent_version,
        protocols=sorted(identify.protocols),
        listen_addrs=[str(Multiaddr(addr)) for addr in identify.listen_addrs],
        observed_addr=str(Multiaddr(identify.observed_addr)) if identify.observed_addr else "",
        signed_record=is_signed_record(identify.signedPeerRecord, sender),
    )


def is_signed_record(envelope: bytes, sender: str) -> bool:
    """Whether type and signature of the envelope are right, and its key and its record are the sender's."""
    try:
        opened, record = consume_envelope(envelope, RECORD_DOMAIN)
    except Exception:
        return False
    signer = ID.from_pubkey(opened.public_key)
    return opened.payload_type == RECORD_TYPE and str(signer) == sender == str(record.peer_id)
