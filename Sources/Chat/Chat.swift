// Chat: rooms that anybody may read, and messages between two peers that are known to have arrived.
//
// `Machine` owns what a message goes through: ours from `queued` to `delivered` or `failed`, theirs from the
// wire to the application. It is a value without sockets, gossipsub or database; the node gives it what they
// say and carries out what it asks for. Two machines beside it run on single streams of `/meshwork/chat/1`:
// `DirectSender` where we opened the stream, `DirectReceiver` where the peer did.
//
// Invariants:
// - Nothing of ours is published or streamed before whoever keeps messages has kept it, and nothing of
//   another's is told or confirmed before. So a crash at any instant loses nothing and tells nothing twice:
//   what was not confirmed is sent again under the same key, and a known key is confirmed again, not told.
// - A message of ours is `delivered` only by the word of its recipient, `sent` only when it has left for
//   somebody, and `failed` only for a reason that a person can read.
// - Whatever others send, every table and queue is bounded: `Configuration` has the limits and their reasons,
//   `Counters` counts what they drop.
// - The same inputs and the same seed give the same outputs.
//
// To drive it: call an input or a command, then pull `nextEvent()` until nil; call `advance` no later than
// `deadline`.
//
// Reading order: Message, Conversation, Keeping; RoomName, RoomForm, Verdict; Configuration, Counters; then
// Machine, Machine+Saving, Machine+Rooms, Machine+Direct, Machine+Outbox; beside them Saves, Authors, Gaps
// and Correspondent. On streams: DirectForm, DirectSender, DirectReceiver. For people: Text.

package import Wire

extension ProtocolName {
  /// Direct messages.
  package static let chat: ProtocolName = "/meshwork/chat/1"
}
