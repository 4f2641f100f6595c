// The modelled internet: packets in, packets out with their times, and why the others died.
//
// One machine, ``Network``, is all that stands between hosts: links with their faults, LANs, routers with
// NATs
// and firewalls, regions apart from each other, names. It knows no socket and no clock, so the laboratory's
// fabric and a simulation run the very same value.
//
//   receive ─► access link up ─► LAN or router (firewall, NAT, link) ─► internet (regions) ─► … ─► delivery
//                    └──────────────── every packet that goes no further is a ``Death`` ────────────────┘
//
// What a link does to a packet is a function of (seed, link, flow, number of the packet in the flow), and
// ports
// of a NAT of (seed, flow): never of the wall clock, nor of ports that a kernel chose.
//
// Reading order: Packet, Link, NAT with PortAllocator and FlowTable, Firewall, Router, Segment, Internet,
// Network; Presets last. HolePunch stands beside them: what two hosts behind such NATs can expect of each
// other.
