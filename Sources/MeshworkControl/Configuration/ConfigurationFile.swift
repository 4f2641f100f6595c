/// A configuration file: TOML, or the JSON of the original app. It is only ever read.
public struct ConfigurationFile: Sendable {
  let path: String
  /// What could be read, each with its line.
  private(set) var values: [SettingKey: (value: SettingValue, line: Int)] = [:]
  /// Everything that is wrong, in the order of the file.
  public private(set) var problems: [ConfigurationProblem] = []

  /// Reads and checks all of it. Problems are no error here: all of them are of interest, not the first.
  public init(path: String) {
    self.path = path
    do throws(TextFileError) {
      let text = try TextFile.read(path)
      read(text, isJSON: path.lowercased().hasSuffix(".json") || text.first { !$0.isWhitespace } == "{")
    } catch {
      problems = [problem(error.line, nil, error.text)]
    }
    problems.sort { ($0.line ?? 0, $0.key ?? "") < ($1.line ?? 0, $1.key ?? "") }
  }

  private mutating func read(_ text: String, isJSON: Bool) {
    if isJSON { readJSON(text) } else { readTOML(text) }
  }

  private mutating func readTOML(_ text: String) {
    let source = SourceText(toml: text)
    do throws(TOMLSource.SyntaxError) {
      for (name, raw) in try TOMLSource.read(text) {
        if let key = SettingKey(rawValue: name) {
          take(raw, as: key, named: name, source)
        } else if let complaint = Self.complaint(unknown: name, raw) {
          problems.append(problem(source.line(of: name), name, complaint))
        }
      }
    } catch {
      problems.append(problem(error.line, nil, error.text))
    }
  }

  private mutating func readJSON(_ text: String) {
    let source = SourceText(json: text)
    do throws(JSONSyntaxError) {
      var findings: [OriginalJSON.Finding] = []
      let read = OriginalJSON.read(try JSONReader.read(Array(text.utf8)), &findings)
      for value in read { take(value.raw, as: value.setting, named: value.key.rawValue, source) }
      for finding in findings {
        let key = finding.key.isEmpty ? nil : finding.key
        problems.append(problem(source.line(of: finding.key), key, finding.text))
      }
    } catch {
      problems.append(problem(error.line, nil, "column \(error.column): not JSON: \(error.problem)"))
    }
  }

  private mutating func take(_ raw: RawSetting, as key: SettingKey, named name: String, _ source: SourceText)
  {
    var complaints: [SettingKind.Complaint] = []
    let value = key.kind.read(raw, &complaints)
    if let value { values[key] = (value, source.line(of: name)) }
    for complaint in complaints {
      let found = problem(source.line(of: name, element: complaint.element), name, complaint.text)
      if !problems.contains(found) { problems.append(found) }
    }
  }

  private static func complaint(unknown name: String, _ raw: RawSetting) -> String? {
    let names = SettingKey.allCases.map(\.rawValue)
    let inside = names.filter { $0.hasPrefix("\(name).") }
    guard let example = inside.first else {
      return "unknown key"
        + (Nearest.suggestion(for: name, among: names) ?? "; there are \(names.joined(separator: ", "))")
    }
    // An empty table says nothing, and nothing wrong.
    if case .other("a table") = raw { return nil }
    return "is a table, not \(raw.kindName); write its keys, like \(example)"
  }

  private func problem(_ line: Int?, _ key: String?, _ text: String) -> ConfigurationProblem {
    ConfigurationProblem(place: path, line: line, key: key, text: text)
  }
}
