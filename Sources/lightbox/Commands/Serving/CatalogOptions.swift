import ArgumentParser
import Catalog
import Foundation
import LightboxCore
import Warehouse

/// Which part of a list is printed.
struct ListOptions: ParsableArguments {
    @Option(help: "Conditions such as 'state:FAILED AND name:hugs*'.") var filter = ""
    @Option(help: "Print so many at most.") var limit: Int?

    func validate() throws {
        guard limit.map({ $0 > 0 }) ?? true else { throw ValidationError("--limit is at least 1.") }
    }

    /// All items of a list, page by page.
    func all<Item: Sendable>(_ page: (PageRequest) throws -> CatalogPage<Item>) throws -> [Item] {
        var items: [Item] = []
        var request = PageRequest(size: 100, filter: filter)
        while items.count < limit ?? .max {
            let next = try page(request)
            items += next.items
            guard let token = next.next else { break }
            request.token = token
        }
        return Array(items.prefix(limit ?? .max))
    }
}

/// `--label a=b`, any number of them.
struct LabelOptions: ParsableArguments {
    @Option(name: .customLong("label"), help: ArgumentHelp("NAME=VALUE; can be repeated.", valueName: "label"))
    var texts: [String] = []

    func validate() throws {
        guard texts.allSatisfy({ !$0.hasPrefix("=") && $0.contains("=") }) else {
            throw ValidationError("--label is NAME=VALUE.")
        }
    }

    var labels: [String: String] {
        let pairs = texts.map { text in
            let name = text.prefix { $0 != "=" }
            return (String(name), String(text.dropFirst(name.count + 1)))
        }
        return Dictionary(pairs) { $1 }
    }
}

extension GlobalOptions {
    /// The catalogue, rid of what commands that were killed have left half done.
    func catalog() throws -> ModelCatalog {
        let catalog = try ModelCatalog(home: home)
        try catalog.recover()
        return catalog
    }

    /// Who is asking, as the registry keeps it.
    var creator: String { ProcessInfo.processInfo.environment["USER"] ?? "" }
}

/// `name: value` lines, as a description of one thing is printed; empty values are left out.
struct Description {
    private var lines: [(name: String, value: String)] = []

    mutating func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { lines.append((name, value)) }
    }

    mutating func add(_ name: String, _ date: Date?) { add(name, date?.formatted(.iso8601)) }

    mutating func add(_ name: String, _ labels: [String: String]) {
        add(name, labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))
    }

    func print() {
        for line in lines { Swift.print("\(line.name): \(Terminal.printable(line.value))") }
    }
}

/// A table of texts.
func printTable(_ header: [String], _ rows: [[String]]) {
    var table = TextTable(header: header)
    for row in rows { table.add(row.map { .text($0) }) }
    for line in table.lines() { print(line) }
}
