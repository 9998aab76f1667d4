public import Foundation
import LightboxCore

/// Writes one run's event file for TensorBoard: scalars, images, text and hyper-parameters against steps.
///
/// Every event reaches the system with one write, so a killed process loses none of those given before;
/// every ten seconds, unless told otherwise, the file is brought to the disk, so a power loss costs no more
/// than that. A record that does not fit on a full disk is taken back: the file always ends with a whole one.
/// Layout: tensorflow/core/util/events_writer.cc and event.proto; TensorBoard 2 reads it.
/// ```swift
/// let log = try EventLog(folder: "run/train")
/// try log.scalar("loss", 0.693, step: 0)
/// ```
public final class EventLog {
    public let path: String
    private let clock: () -> Date
    private let flushInterval: Double
    private let descriptor: Int32
    private var size = 0
    private var lastFlush: Date

    /// Begins a new file in `folder`, which is made where it is missing and belongs to one run.
    ///
    /// Earlier files stay as they are; TensorBoard leaves out what they hold from `step` on.
    ///
    /// - Parameters:
    ///   - suffix: appended to the file's name with a point.
    ///   - step: the first step of a run that goes on from a checkpoint; 0 for one that begins.
    ///   - flushInterval: seconds between two times that the file is brought to the disk.
    ///   - clock: the time of the events; the system's unless told.
    public init(
        folder: String, suffix: String = "", resumingAt step: Int = 0, flushInterval: Double = 10,
        clock: @escaping () -> Date = Date.init
    ) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let now = clock()
        (path, descriptor) = try EventFileName.create(in: folder, suffix: suffix, at: now)
        self.clock = clock
        self.flushInterval = flushInterval
        lastFlush = now
        try append { $0.field(3, text: "brain.Event:2") }
        // SessionLog.START. The first one of a folder only makes the readers heed the next ones.
        try append(step: step) { $0.message(7) { $0.field(1, varint: 1) } }
    }

    deinit { close(descriptor) }

    /// Appends one value of a curve. Values that are not finite are allowed; TensorBoard marks them.
    public func scalar(_ tag: String, _ value: Float, step: Int) throws {
        try scalars([(tag, value)], step: step)
    }

    /// Appends values of several curves at one step, as one event.
    public func scalars(_ values: [(tag: String, value: Float)], step: Int) throws {
        try append(step: step) { event in
            event.message(5) { summary in
                for (tag, value) in values {
                    summary.message(1) { entry in
                        entry.field(1, text: tag)
                        entry.field(2, float: value)
                    }
                }
            }
        }
    }

    /// Appends PNG files of one size, shown side by side.
    ///
    /// - Parameters:
    ///   - width: of each image in pixels, as is `height`.
    ///   - caption: Markdown above the images.
    public func images(
        _ tag: String, png files: [[UInt8]], width: Int, height: Int, step: Int, caption: String = ""
    ) throws {
        let texts = [Array("\(width)".utf8), Array("\(height)".utf8)]
        try append(step: step, tag, EventTensor(texts + files, rank: 1), plugin: .images, description: caption)
    }

    /// Appends one PNG file, whose size is read from its header.
    ///
    /// - Precondition: `file` is a PNG file.
    public func image(_ tag: String, png file: [UInt8], step: Int, caption: String = "") throws {
        precondition(file.count > 24 && file.starts(with: [0x89, 0x50, 0x4e, 0x47]), "a PNG file")
        func side(at place: Int) -> Int { file[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) } }
        try images(tag, png: [file], width: side(at: 16), height: side(at: 20), step: step, caption: caption)
    }

    /// Appends a text; TensorBoard shows Markdown formatted.
    public func text(_ tag: String, _ markdown: String, step: Int) throws {
        try append(step: step, tag, EventTensor([Array(markdown.utf8)], rank: 0), plugin: .text)
    }

    /// Appends one entry of the hyper-parameter plug-in, whose tags are its own.
    func hyperparameters(_ tag: String, _ content: ProtobufWriter) throws {
        try append(step: 0, tag, .null, plugin: .hyperparameters(content.bytes))
    }

    /// Brings everything written so far to the disk.
    public func flush() throws {
        guard fdatasync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
        lastFlush = clock()
    }

    var now: Date { clock() }

    private func append(
        step: Int, _ tag: String, _ tensor: EventTensor, plugin: EventPlugin, description: String = ""
    ) throws {
        try append(step: step) { event in
            event.message(5) { summary in
                summary.message(1) { value in
                    value.field(1, text: tag)
                    value.message(8) { tensor.append(to: &$0) }
                    value.message(9) { plugin.append(to: &$0, description: description) }
                }
            }
        }
    }

    private func append(step: Int = 0, _ body: (inout ProtobufWriter) -> Void) throws {
        var event = ProtobufWriter()
        let now = clock()
        event.field(1, double: now.timeIntervalSince1970)
        if step != 0 { event.field(2, varint: UInt64(bitPattern: Int64(step))) }
        body(&event)
        let record = TFRecordWriter.framed(event.bytes)
        do {
            try record.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
        } catch let failure as FileFailure {
            ftruncate(descriptor, off_t(size))
            lseek(descriptor, off_t(size), SEEK_SET)
            throw FileFailure(path: path, errno: failure.errno)
        }
        size += record.count
        if now.timeIntervalSince(lastFlush) >= flushInterval { try flush() }
    }
}
