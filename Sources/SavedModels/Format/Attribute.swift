import LightboxCore

/// An attribute of an operation, read when it is asked for.
///
/// AttrValue { list = 1; s = 2; i = 3; f = 4; b = 5; type = 6; shape = 7; tensor = 8; func = 10 { name = 1 } }
struct Attribute: Sendable {
    let message: WireMessage

    init(_ bytes: Bytes) throws { message = try WireMessage(bytes) }

    var int: Int { Int(truncatingIfNeeded: message.number(3) ?? 0) }
    var flag: Bool { message.number(5) == 1 }
    var float: Float { Float(bitPattern: UInt32(truncatingIfNeeded: message.number(4) ?? 0)) }
    var type: DataType { DataType(number: message.number(6)) }

    func text() throws -> String { try message.text(2) }
    func shape() throws -> PartialShape { try PartialShape(message.message(7)) }
    func functionName() throws -> String { try message.message(10)?.text(1) ?? "" }

    // ListValue { s = 2; i = 3; f = 4; b = 5; type = 6; shape = 7; tensor = 8; func = 9 }
    private func list() throws -> WireMessage { try message.message(1) ?? WireMessage(.empty) }
    func texts() throws -> [String] { try list().texts(2) }
    func ints() throws -> [Int] { try list().numbers(3).map { Int(truncatingIfNeeded: $0) } }
    func types() throws -> [DataType] { try list().numbers(6).map { DataType(number: $0) } }
    func shapes() throws -> [PartialShape] { try list().messages(7).map { try PartialShape($0) } }
    func functionNames() throws -> [String] { try list().messages(9).map { try $0.text(1) } }
}

/// An operation as the file has it: NodeDef { name = 1; op = 2; input = 3; device = 4; map attr = 5; … }.
struct NodeDefinition: Sendable {
    let name: String
    let operation: String
    let inputs: [String]
    let message: WireMessage

    init(_ bytes: Bytes) throws {
        message = try WireMessage(bytes)
        name = try message.text(1)
        operation = try message.text(2)
        inputs = try message.texts(3)
    }

    func attributes() throws -> [String: Bytes] {
        Dictionary(try message.entries(5).map { ($0.key, $0.value) }) { _, last in last }
    }
}

/// A function of the library: FunctionDef { signature = 1 OpDef; node_def = 3; map ret = 4; attr = 5 }.
struct FunctionDefinition: Sendable {
    let name: String
    /// Names, in the order in which a call gives them.
    let arguments: [String]
    /// Where each result comes from, in order.
    let results: [String]
    let nodes: [NodeDefinition]

    // OpDef { name = 1; input_arg = 2 { name = 1 }; output_arg = 3 { name = 1 } }
    init(_ bytes: Bytes) throws {
        let message = try WireMessage(bytes)
        let signature = try message.message(1) ?? WireMessage(.empty)
        name = try signature.text(1)
        arguments = try signature.messages(2).map { try $0.text(1) }
        let sources = Dictionary(try message.entries(4).map { ($0.key, try WireMessage.text($0.value)) }) { $1 }
        let function = name
        results = try signature.messages(3).map { argument in
            guard let source = sources[try argument.text(1)] else {
                throw SavedModelError.malformed(function, "The function has a result without a source.")
            }
            return source
        }
        nodes = try message.contents(3).map(NodeDefinition.init)
    }
}
