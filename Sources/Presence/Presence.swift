// Presence without a server: who is there, told by their own signed messages on the chat topic.
//
// The original app's protocol (PRESENCE, WELCOME, REFRESH, the Reaper) with its defects removed. A peer comes
// online by what it says, stays by saying it again, and goes offline when it has been silent too long or said
// that it leaves. Nothing else counts: not pings, not an open connection, not a message seen before.
//
// `Machine` is driven by the node: accepted gossip messages and connection news go in, announcements to
// publish and changes to show come out. It never sees gossipsub, sockets or the store; what must outlive a
// restart (the highest sequence number of each author) comes out as an event and goes back in at the start.
//
// Invariants:
// - Nobody is answered but a PRESENCE, and that at most once.
// - A peer is never reaped within the silence limit of the last life received from it.
// - A message counts as life only if its sequence number is higher than any seen from its author before.
//
// Reading order: Announcement, Configuration, Machine, Machine+Peers, Machine+Announcing.
