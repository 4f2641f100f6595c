extension Timeline {
  /// Reads a whole capture file.
  ///
  /// What can be read is in the timeline even when the file is cut off; `failure` then says so.
  /// - Throws: when nothing can be read of it at all.
  package init(
    reading path: String, keys: KeyRing, limits: Limits = Limits(), showsWindows: Bool = false
  ) throws(CaptureError) {
    self.init()
    var reader = try CaptureReader(reading: path)
    var dissector = Dissector(keys: keys, limits: limits, showsWindows: showsWindows)
    badKeyLines = keys.badLines
    do throws(CaptureError) {
      while let packet = try reader.next() {
        dissector.receive(
          packet.bytes, linkType: reader.linkType, wireBytes: packet.wireBytes, at: packet.time)
        while let item = dissector.nextItem() { append(item) }
      }
    } catch {
      failure = error
    }
    dissector.finish()
    while let item = dissector.nextItem() { append(item) }
    census = dissector.census
    complete()
  }
}
