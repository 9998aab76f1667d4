/// A read-only run of bytes inside memory that it shares and keeps alive: slicing copies nothing.
public struct Bytes: @unchecked Sendable {
    // Unchecked: the memory is never written after it is handed in, and `owner` keeps it alive.
    private let owner: AnyObject?
    private let buffer: UnsafeRawBufferPointer

    private init(owner: AnyObject?, buffer: UnsafeRawBufferPointer) {
        self.owner = owner
        self.buffer = buffer
    }

    /// The bytes of a mapped file, which stays mapped while any slice lives.
    public init(_ file: MappedFile) {
        self.init(owner: file, buffer: file.bytes)
    }

    public init(_ bytes: some Sequence<UInt8>) {
        let storage = OwnedStorage(Array(bytes))
        self.init(owner: storage, buffer: storage.buffer)
    }

    public static let empty = Bytes(owner: nil, buffer: UnsafeRawBufferPointer(start: nil, count: 0))

    public var count: Int { buffer.count }
    public var isEmpty: Bool { buffer.isEmpty }

    /// - Precondition: `index` is in `0..<count`.
    public subscript(_ index: Int) -> UInt8 { buffer[index] }

    /// A slice; offsets count from this value's own start.
    ///
    /// - Precondition: `range` lies in `0..<count`.
    public subscript(_ range: Range<Int>) -> Bytes {
        Bytes(owner: owner, buffer: UnsafeRawBufferPointer(rebasing: buffer[range]))
    }

    /// The pointer is good only inside `body`.
    @inlinable
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(self.unsafeBuffer) }
    }

    public var array: [UInt8] { Array(buffer) }

    @usableFromInline var unsafeBuffer: UnsafeRawBufferPointer { buffer }
}

extension Bytes: Equatable {
    public static func == (left: Bytes, right: Bytes) -> Bool { left.buffer.elementsEqual(right.buffer) }
}

/// Bytes on the heap at an address that does not move.
private final class OwnedStorage {
    let buffer: UnsafeRawBufferPointer

    init(_ bytes: [UInt8]) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        bytes.withUnsafeBytes { memory.copyMemory(from: $0) }
        buffer = UnsafeRawBufferPointer(memory)
    }

    deinit { buffer.deallocate() }
}
