import NIOCore

/// What libFuzzer calls with each input: PDUs and commands as they come from the network.
///
/// This file is compiled into the module that it tests. The first byte chooses the way in.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNetwork(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    switch choice & 3 {
    case 0: followCommand(bytes)
    default: followStream(bytes, piece: Int(choice >> 2) + 1)
    }
    return 0
}

/// What a command says, it says again.
private func followCommand(_ bytes: [UInt8]) {
    guard var command = try? CommandSet(bytes: bytes) else { return }
    _ = (command.operation, command.hasDataSet, command.messageID, command.answeredMessageID, command.status)
    _ = (command.affectedSOPClass, command.affectedSOPInstance, command.moveDestination, command.priority)
    _ = (command.errorComment, command.subOperations, command.moveOriginator, command.eventType)
    _ = command.answer(.success, comment: "of 64 characters at most")
    let written = Array(command.encoded.readableBytesView)
    guard let again = try? CommandSet(bytes: written) else { fatalError("its own command was refused") }
    command = again
    guard Array(command.encoded.readableBytesView) == written else { fatalError("a command changes") }
}

/// However a stream is cut, the same PDUs come of it, and each is read as it was written.
private func followStream(_ bytes: [UInt8], piece: Int) {
    let (whole, wholeFails) = read([bytes])
    let pieces = stride(from: 0, to: bytes.count, by: piece).map {
        Array(bytes[$0..<min($0 + piece, bytes.count)])
    }
    let (cut, cutFails) = read(pieces)
    guard whole == cut, wholeFails == cutFails else { fatalError("a stream depends on how it is cut") }
    for pdu in whole {
        let written = Array(pdu.encoded.readableBytesView)
        let (again, fails) = read([written])
        guard !fails, again.count == 1 else { fatalError("its own PDU was refused") }
        guard Array(again[0].encoded.readableBytesView) == written else { fatalError("a PDU changes") }
    }
}

private func read(_ pieces: [[UInt8]]) -> (pdus: [PDU], fails: Bool) {
    var reader = PDUReader()
    var pdus: [PDU] = []
    do {
        for piece in pieces {
            reader.append(piece)
            while let pdu = try reader.next() { pdus.append(pdu) }
        }
        return (pdus, false)
    } catch {
        return (pdus, true)
    }
}
