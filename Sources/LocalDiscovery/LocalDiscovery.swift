// Peers on the same link, found with no server and no configuration: libp2p's mDNS.
//
// Sources: libp2p specs, discovery/mdns.md; RFC 6762 (mDNS); RFC 6763 (DNS-SD). A node asks the link for
// `_p2p._udp.local`; every node answers with a random instance name of it, and under that name one TXT string
// `dnsaddr=/ip4/…/tcp/…/p2p/ID` for each of its addresses.
//
// `Machine` is driven by the node: packets and the machine's interfaces go in, packets and discovered peers
// come out. A `Link` is one interface in one address family, which is what one socket hears and speaks to;
// each has a rhythm of its own.
//
// Nothing here is proven. Anybody on the link can say anything, so what is learned is only where it may be
// worth dialling; who answers there proves itself in the handshake.
//
// Invariants:
// - A packet of any bytes from anyone is refused or read, and both in bounded time and memory.
// - An address given out can be reached over the link it was heard on, as far as that can be told: no
//   loopback address of another machine, nothing relayed, no name to look up, no zone of somebody else.
// - Nothing is multicast on a link more than twice a second: one question and one answer.
// - A packet goes to the group of its link, or to an address of that link that asked.
//
// Reading order: Link, Name, Message, Configuration, Machine, Rhythm, Machine+Questions, Announcement,
// Machine+Answers, Neighbours.
