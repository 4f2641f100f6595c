import NIOCore
import OrderedCollections
import SansIO

// Asking, and being asked.
extension Machine {
  // MARK: Asking

  mutating func ask(on link: Link) {
    var question = Message()
    question.questions = [Question(name: Service.peers, type: .pointer)]
    question.answers = neighbours.knownInstances(on: link, at: now).map {
      Record(name: Service.peers, data: .pointer($0.name), ttlSeconds: $0.ttlSeconds)
    }
    let packet = question.encoded()
    lastQuestions[link] = packet
    counters.questionsSent += 1
    events.append(.send(packet, on: link, to: .group))
    rhythms[link]?.asked(configuration: configuration, generator: &generator, now: now)
    // We answer our own question too, so that others hear of us without asking.
    answerLater(.instance, on: link, to: nil, after: configuration.delay(using: &generator))
  }

  // MARK: Being asked

  mutating func receiveQuestion(_ message: Message, packet: ByteBuffer, from sender: Endpoint, on link: Link)
  {
    guard let announcement = announcements[link.interface] else { return }
    let isLegacy = sender.port != Self.port
    if !isLegacy, packet != lastQuestions[link] {
      saveQuestion(message, on: link, besides: announcement)
    }
    let known = announcement.known(in: message, ttlSeconds: configuration.ttlSeconds)
    if message.questions.isEmpty {
      // The rest of the known answers of a question heard before.
      if rhythms[link]?.withdraw(known, from: sender) == true { counters.answersSaved += 1 }
      return
    }
    var (multicast, unicast): (Topics, Topics) = ([], [])
    var asked: [Question] = []
    for question in message.questions {
      let topics = announcement.topics(of: question)
      if topics.isEmpty { continue }
      if topics.isSubset(of: known) {
        counters.answersSaved += 1
        continue
      }
      asked.append(question)
      if question.wantsUnicast { unicast.formUnion(topics) } else { multicast.formUnion(topics) }
    }
    if isLegacy {
      answerLegacy(multicast.union(unicast), to: asked, id: message.id, from: sender, on: link)
      return
    }
    // Who wants it alone gets it alone, if the others have heard it lately (RFC 6762, section 5.4).
    let hasBeenHeard = rhythms[link]?.lastAnswer.map { now - $0 < configuration.ttl / 4 } ?? false
    if hasBeenHeard { answer(unicast, alone: sender, on: link) } else { multicast.formUnion(unicast) }
    guard !multicast.isEmpty else { return }
    let delay =
      message.isTruncated
      ? configuration.truncatedDelay(using: &generator) : configuration.delay(using: &generator)
    answerLater(multicast, on: link, to: sender, after: delay)
  }

  /// A question of somebody else saves us ours, unless it keeps an answer away that we need.
  private mutating func saveQuestion(_ message: Message, on link: Link, besides announcement: Announcement) {
    let isOurs = message.questions.contains {
      $0.name == Service.peers && $0.type == .pointer && !$0.wantsUnicast
    }
    guard isOurs else { return }
    for record in message.answers {
      guard record.name == Service.peers, case .pointer(let name) = record.data else { continue }
      guard name == announcement.instance || neighbours.isFresh(name, on: link, at: now) else { return }
    }
    let isSaved = rhythms[link]?.heardQuestion(
      configuration: configuration, generator: &generator, now: now)
    if isSaved == true { counters.questionsSaved += 1 }
  }

  // MARK: Answering

  mutating func answerLater(
    _ topics: Topics, on link: Link, to asker: Endpoint?, after delay: Duration
  ) {
    guard announcements[link.interface]?.addresses.isEmpty == false else { return }
    rhythms[link]?.answer(
      topics, to: asker, after: delay, spacing: configuration.answerSpacing, now: now)
  }

  mutating func multicastAnswer(to topics: Topics, on link: Link) {
    guard
      let response = announcements[link.interface]?.response(to: topics, ttlSeconds: configuration.ttlSeconds)
    else { return }
    counters.answersSent += 1
    rhythms[link]?.answered(topics, spacing: configuration.answerSpacing, at: now)
    events.append(.send(response.encoded(), on: link, to: .group))
  }

  private mutating func answer(_ topics: Topics, alone asker: Endpoint, on link: Link) {
    guard
      let response = announcements[link.interface]?.response(to: topics, ttlSeconds: configuration.ttlSeconds)
    else { return }
    counters.unicastAnswersSent += 1
    events.append(.send(response.encoded(), on: link, to: .unicast(asker)))
  }

  /// To a resolver that does not speak mDNS: as an ordinary name server would (RFC 6762, section 6.7).
  private mutating func answerLegacy(
    _ topics: Topics, to questions: [Question], id: UInt16, from asker: Endpoint, on link: Link
  ) {
    let ttlSeconds = min(configuration.ttlSeconds, configuration.legacyTTLSecondsMax)
    guard var response = announcements[link.interface]?.response(to: topics, ttlSeconds: ttlSeconds) else {
      return
    }
    response.id = id
    response.questions = questions.map { Question(name: $0.name, type: $0.type) }
    for index in response.answers.indices { response.answers[index].isUnique = false }
    for index in response.additionals.indices { response.additionals[index].isUnique = false }
    counters.unicastAnswersSent += 1
    events.append(.send(response.encoded(forLegacy: true), on: link, to: .unicast(asker)))
  }

  mutating func sayGoodbye(on link: Link, of announcement: Announcement) {
    guard rhythms[link]?.lastAnswer != nil,
      let goodbye = announcement.response(to: .instance, ttlSeconds: 0)
    else { return }
    events.append(.send(goodbye.encoded(), on: link, to: .group))
  }
}

extension Announcement {
  /// What an asker knows of us already and will for long enough (RFC 6762, section 7.1).
  fileprivate func known(in message: Message, ttlSeconds: UInt32) -> Topics {
    message.answers.reduce(into: []) { topics, record in
      guard record.ttlSeconds >= ttlSeconds / 2 else { return }
      if record.name == Service.peers, record.data == .pointer(instance) { topics.insert(.instance) }
      if record.name == Service.all, record.data == .pointer(Service.peers) { topics.insert(.service) }
    }
  }
}

extension Configuration {
  fileprivate var ttl: Duration { .seconds(Int64(ttlSeconds)) }
}
