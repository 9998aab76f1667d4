public import ArgumentParser
public import DICOMNetwork

extension AETitle: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension QueryLevel: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
    public var defaultValueDescription: String { rawValue.lowercased() }
    public static var allValueStrings: [String] { allCases.map { $0.rawValue.lowercased() } }
}
