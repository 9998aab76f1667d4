public import LightboxCore

/// What is known of an object without its bytes.
public struct ObjectFacts: Sendable, Hashable {
    public var size: Int
    /// Changes with the bytes.
    public var etag: String?
    /// Google's generation.
    public var version: String?
    public var crc32c: UInt32?

    public init(size: Int, etag: String? = nil, version: String? = nil, crc32c: UInt32? = nil) {
        (self.size, self.etag, self.version, self.crc32c) = (size, etag, version, crc32c)
    }
}

/// An object of a list.
public struct ListedObject: Sendable, Hashable {
    public var key: String
    public var facts: ObjectFacts

    public init(key: String, facts: ObjectFacts) { (self.key, self.facts) = (key, facts) }
}

/// A piece of a list, by the bytes of the keys.
public struct ObjectPage: Sendable, Hashable {
    public var objects: [ListedObject] = []
    /// Beginnings of keys up to a slash, where only one level was asked for.
    public var folders: [String] = []
    /// What the next piece is asked for with; nil at the end.
    public var next: String?

    public init(objects: [ListedObject] = [], folders: [String] = [], next: String? = nil) {
        (self.objects, self.folders, self.next) = (objects, folders, next)
    }
}

/// A place that keeps objects. Calls block their thread, and repeat by themselves what fails for a moment.
///
/// Every error is an ``ObjectError``; an object becomes visible whole or not at all.
public protocol ObjectPlace: Sendable {
    /// The objects whose keys begin as `prefix` does.
    ///
    /// - Parameter oneLevel: leaves out what has a slash behind the prefix, and names those folders instead.
    func page(of prefix: ObjectName, oneLevel: Bool, after: String?) throws -> ObjectPage

    func facts(of name: ObjectName) throws -> ObjectFacts

    /// Hands over the bytes in order, each once.
    ///
    /// - Parameter known: what a list said: another object in its place is an error.
    /// - Returns: what the answer says of the whole object.
    @discardableResult
    func read(
        _ name: ObjectName, _ range: Range<Int>?, known: ObjectFacts?,
        receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> ObjectFacts

    /// Writes an object in one request.
    func write(_ bytes: Bytes, to name: ObjectName) throws

    /// Writes an object in parts, the last of which makes it visible; ends the upload when it fails.
    func write(_ file: FileParts, to name: ObjectName, progress: (Int) -> Void) throws

    /// Within the place, without the bytes coming here.
    func copy(_ source: ObjectName, to target: ObjectName) throws

    /// An object that is not there is no error.
    func delete(_ name: ObjectName) throws
}

extension ObjectPlace {
    /// Every object whose key begins as `prefix` does, page by page.
    public func forEach(of prefix: ObjectName, _ body: (ListedObject) throws -> Void) throws {
        var next: String?
        repeat {
            let page = try page(of: prefix, oneLevel: false, after: next)
            for object in page.objects { try body(object) }
            // A server that gives the same place again would never end.
            guard page.next == nil || page.next != next else {
                throw ObjectError(.malformedAnswer, at: prefix.description, "the list does not go on.")
            }
            next = page.next
        } while next != nil
    }
}
