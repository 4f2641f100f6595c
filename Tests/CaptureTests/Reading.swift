import GossipSub
import Identity
import NIOCore
import SansIO
import Wire

@testable import Capture

/// What packets say.
func timeline(of packets: [TapPacket], keys: KeyRing, limits: Limits = Limits()) -> Timeline {
  var timeline = Timeline()
  var dissector = Dissector(keys: keys, limits: limits)
  for packet in packets {
    dissector.receive(packet.bytes, at: packet.time)
    while let item = dissector.nextItem() { timeline.append(item) }
  }
  dissector.finish()
  while let item = dissector.nextItem() { timeline.append(item) }
  timeline.census = dissector.census
  timeline.complete()
  return timeline
}

/// What one side said on one stream, without when: the same however the packets came.
struct Utterance: Hashable {
  let by: Role
  let stream: UInt32?
  let what: What

  init?(_ item: Item) {
    by = item.speaker
    stream = item.stream
    switch item.what {
    case .tcp: return nil  // repeated with the packets
    case .ping(.echo(let number, _)): what = .ping(.echo(number: number, afterNanoseconds: 0))
    default: what = item.what
    }
  }
}

extension Timeline {
  /// Each side's words on each stream in their order, in no order of sides and streams.
  var conversation: [String] {
    var said: [String: [Utterance]] = [:]
    for utterance in items.compactMap(Utterance.init) {
      said["\(utterance.by) \(utterance.stream ?? 0)", default: []].append(utterance)
    }
    return said.sorted { $0.key < $1.key }.flatMap { side, words in words.map { "\(side): \($0.what)" } }
  }

  var notes: [Note] {
    items.compactMap { if case .note(let note) = $0.what { note } else { nil } }
  }

  var published: [String] {
    items.compactMap {
      if case .gossip(.published(let message)) = $0.what {
        String(decoding: message.data, as: UTF8.self)
      } else {
        nil
      }
    }
  }
}
