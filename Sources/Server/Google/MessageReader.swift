import Catalog
import Foundation
import LightboxCore
import WireFormats

/// Reads a message of Google's services from JSON after the rules of proto3: names in camel or snake case, null and
/// what is left out are defaults, whole numbers also as strings, and nothing unknown.
struct MessageReader {
    /// By their names in camel case, with the name that was sent.
    private var members: [String: (name: String, value: JSONValue)] = [:]
    /// Of the message within the body: `predictionInput.`.
    private let place: String

    /// - Parameter body: no bytes are an empty message.
    init(_ body: Bytes) throws {
        let isBlank = body.withUnsafeBytes {
            $0.allSatisfy { $0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }
        }
        do {
            try self.init(isBlank ? .object([]) : JSONValue(parsing: body), place: "")
        } catch let error as RecordError {
            throw ServerError(
                .invalidArgument, "The body is no JSON, at byte \(error.offset ?? 0). \(error.remedy)")
        }
    }

    private init(_ value: JSONValue, place: String) throws {
        self.place = place
        guard let given = value.members else {
            let what = place.isEmpty ? "The body" : "'\(place.dropLast())'"
            throw ServerError(.invalidArgument, "\(what) is no JSON object. Send one.")
        }
        for member in given {
            let name = camelCased(member.name)
            guard members[name] == nil else {
                throw ServerError(
                    .invalidArgument, "'\(place)\(member.name.prefix(64))' is given twice. Send it once.")
            }
            members[name] = (member.name, member.value)
        }
    }

    /// Takes a member out; nil for null and for what is not there.
    private mutating func take(_ name: String) -> JSONValue? {
        guard let value = members.removeValue(forKey: name)?.value, value != .null else { return nil }
        return value
    }

    private func wrong(_ name: String, _ wanted: String) -> ServerError {
        ServerError(.invalidArgument, "Invalid value at '\(place)\(name)': send \(wanted).")
    }

    mutating func text(_ name: String) throws -> String {
        guard let value = take(name) else { return "" }
        guard let text = value.string else { throw wrong(name, "a string") }
        return text
    }

    mutating func flag(_ name: String) throws -> Bool {
        guard let value = take(name) else { return false }
        guard let flag = value.bool else { throw wrong(name, "true or false") }
        return flag
    }

    mutating func integer(_ name: String) throws -> Int? {
        guard let value = take(name) else { return nil }
        let number =
            value.integer ?? value.string.flatMap { Int64($0) } ?? value.double.flatMap { Int64(exactly: $0) }
        guard let number else { throw wrong(name, "a whole number") }
        return Int(number)
    }

    mutating func texts(_ name: String) throws -> [String] {
        guard let value = take(name) else { return [] }
        guard let elements = value.elements else { throw wrong(name, "a list of strings") }
        return try elements.map { element in
            guard let text = element.string else { throw wrong(name, "a list of strings") }
            return text
        }
    }

    mutating func labels() throws -> [String: String] {
        guard let value = take("labels") else { return [:] }
        guard let members = value.members else { throw wrong("labels", "an object of strings") }
        var labels: [String: String] = [:]
        for member in members {
            guard let text = member.value.string else { throw wrong("labels", "an object of strings") }
            labels[member.name] = text
        }
        return labels
    }

    /// One of some words; nil when it is not given.
    mutating func word(_ name: String, of words: [String]) throws -> String? {
        let text = try text(name)
        guard !text.isEmpty else { return nil }
        guard words.contains(text) else { throw wrong(name, "one of \(words.joined(separator: ", "))") }
        return text
    }

    mutating func message(_ name: String) throws -> MessageReader? {
        guard let value = take(name) else { return nil }
        return try MessageReader(value, place: "\(place)\(name).")
    }

    /// Documents that are kept as they are: any kind of value.
    mutating func documents(_ names: [String]) -> [String: JSONValue] {
        var found: [String: JSONValue] = [:]
        for name in names { found[name] = take(name) }
        return found
    }

    /// What the service fills in, and callers send back when they change what they read.
    mutating func ignore(_ names: String...) { for name in names { members[name] = nil } }

    /// - Throws: ``ServerError`` when something unknown is left.
    func finish() throws {
        guard let name = members.min(by: { $0.key < $1.key })?.value.name else { return }
        throw ServerError(
            .invalidArgument,
            "Invalid JSON payload received. Unknown name \"\(place)\(name.prefix(64))\": cannot find field.")
    }
}

/// Writes a message of Google's services: what is at its default is left out.
struct Message {
    private var members: [JSONMember] = []

    init() {}

    /// With the name of its type, as it stands in an operation.
    init(type: String) { members = [JSONMember("@type", .string("type.googleapis.com/" + type))] }

    var value: JSONValue { .object(members) }

    mutating func add(_ name: String, _ text: String) {
        if !text.isEmpty { members.append(JSONMember(name, .string(text))) }
    }

    mutating func add(_ name: String, _ flag: Bool) {
        if flag { members.append(JSONMember(name, .bool(true))) }
    }

    mutating func add(_ name: String, _ date: Date?) {
        guard let date else { return }
        add(name, date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }

    /// A number of 32 bits.
    mutating func add(_ name: String, short number: Int?) {
        if let number, number != 0 { members.append(JSONMember(name, .integer(Int64(number)))) }
    }

    /// A number of 64 bits, which JSON carries as a string.
    mutating func add(_ name: String, long number: Int?) {
        if let number, number != 0 { add(name, "\(number)") }
    }

    mutating func add(_ name: String, _ number: Double) {
        if number != 0, number.isFinite { members.append(JSONMember(name, .number(number))) }
    }

    mutating func add(_ name: String, _ texts: [String]) {
        if !texts.isEmpty { members.append(JSONMember(name, .array(texts.map { .string($0) }))) }
    }

    mutating func add(_ name: String, _ labels: [String: String]) {
        guard !labels.isEmpty else { return }
        let sorted = labels.sorted { $0.key < $1.key }
        members.append(JSONMember(name, .object(sorted.map { JSONMember($0.key, .string($0.value)) })))
    }

    mutating func add(_ name: String, _ values: [JSONValue]) {
        if !values.isEmpty { members.append(JSONMember(name, .array(values))) }
    }

    /// Stands there even when it is empty.
    mutating func add(_ name: String, _ message: Message) { members.append(JSONMember(name, message.value)) }

    mutating func add(_ documents: [String: JSONValue]) {
        for (name, value) in documents.sorted(by: { $0.key < $1.key }) {
            members.append(JSONMember(name, value))
        }
    }
}

extension Reply {
    init(_ message: Message) { self.init(message.value) }
}
