import Foundation
import FoundationXML
import Testing
import WebPages

/// The elements of a page with their attributes, and its words; nil when it is not well-formed.
struct ParsedPage {
    struct Element {
        let name: String
        let attributes: [String: String]
    }

    private(set) var elements: [Element] = []
    private(set) var text = ""

    init?(_ html: String) {
        final class Reader: NSObject, XMLParserDelegate {
            var elements: [Element] = []
            var text = ""
            func parser(
                _: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
                attributes: [String: String] = [:]
            ) { elements.append(Element(name: name, attributes: attributes)) }
            func parser(_: XMLParser, foundCharacters characters: String) { text += characters }
        }
        let reader = Reader()
        let parser = XMLParser(data: Data(html.utf8))
        parser.delegate = reader
        guard parser.parse() else { return nil }
        elements = reader.elements
        text = reader.text
    }

    func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }
    func values(_ attribute: String) -> [String] { elements.compactMap { $0.attributes[attribute] } }
}

@Suite("Pages") struct PagesTests {
    static let names = Samples().pages().map(\.name)

    private func page(_ name: String, _ samples: Samples = Samples()) throws -> (html: String, parsed: ParsedPage)
    {
        let html = try #require(samples.pages().first { $0.name == name }).html
        return (html, try #require(ParsedPage(html), "\(name) is well-formed"))
    }

    @Test("Have a title, landmarks, one main heading and the line on medical use", arguments: names)
    func frame(name: String) throws {
        let (html, parsed) = try page(name)
        #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
        let head = html.components(separatedBy: "<body>")[0]
        #expect(head.components(separatedBy: "<title>").count == 2)
        for element in ["main", "footer", "h1"] { #expect(parsed.all(element).count == 1, "\(element)") }
        #expect(parsed.all("header").count == 1 && !parsed.all("nav").isEmpty)
        #expect(parsed.text.contains("Lightbox is not a medical device."))
        #expect(parsed.values("name").contains("viewport"))
        let nav = ["/", "/predict", "/stores", "/maps", "/models", "/jobs", "/labels"]
        let current = parsed.all("a").filter {
            $0.attributes["aria-current"] != nil && nav.contains($0.attributes["href"] ?? "")
        }
        #expect(current.count == (["problem", "sign-in"].contains(name) ? 0 : 1))
    }

    @Test(
        "Foreign texts stay texts, whatever is in them", arguments: names,
        [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onclick='alert(1)",
            "&lt;b&gt; & co",
            "</option></select><b>", "]]>--><b>", "javascript:alert(1)", "\u{0}\u{1b}[2J\u{ffff}", "‮evil‬",
        ])
    func escaping(name: String, words: String) throws {
        let (_, parsed) = try page(name, Samples(words: words))
        let (_, plain) = try page(name)
        #expect(parsed.elements.map(\.name) == plain.elements.map(\.name))
        #expect(
            parsed.elements.map { $0.attributes.keys.sorted() }
                == plain.elements.map { $0.attributes.keys.sorted() })
        for address in parsed.values("href") + parsed.values("action") {
            #expect(address.hasPrefix("/") || address.hasPrefix("#"), "\(address)")
            #expect(!address.hasPrefix("//"))
        }
    }

    @Test("Nothing is inline and nothing is from elsewhere", arguments: names) func policy(name: String) throws {
        let (_, parsed) = try page(name)
        for element in parsed.elements {
            #expect(element.name != "style" && element.name != "iframe" && element.name != "base")
            for attribute in element.attributes.keys {
                #expect(attribute != "style" && !attribute.hasPrefix("on"), "\(element.name) \(attribute)")
            }
        }
        for script in parsed.all("script") { #expect(script.attributes["src"]?.hasPrefix("/assets/") == true) }
        for policy in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
            #expect(Pages.contentSecurityPolicy.contains(policy))
        }
        #expect(!Pages.contentSecurityPolicy.contains("unsafe"))
    }

    @Test("Every asset that is named exists, every fragment too, no id stands twice", arguments: names)
    func references(name: String) throws {
        let (_, parsed) = try page(name)
        let paths = (parsed.values("src") + parsed.values("href")).filter { $0.hasPrefix("/assets/") }
        #expect(paths.contains("/assets/lightbox.css"))
        for path in paths { #expect(Pages.asset(named: String(path.dropFirst(8))) != nil, "\(path)") }
        let ids = parsed.values("id")
        #expect(Set(ids).count == ids.count)
        let named =
            parsed.values("for")
            + (parsed.values("aria-labelledby") + parsed.values("aria-describedby")).flatMap {
                $0.split(separator: " ").map(String.init)
            } + parsed.values("href").filter { $0.hasPrefix("#") }.map { String($0.dropFirst()) }
        for id in named { #expect(ids.contains(id), "\(id)") }
    }

    @Test("Every field has a label, every picture a text, every table heads", arguments: names)
    func accessibility(name: String) throws {
        let (html, parsed) = try page(name)
        let labelled = Set(parsed.values("for"))
        for field in parsed.elements where ["input", "select"].contains(field.name) {
            let isWithin = ["range", "checkbox", "hidden"].contains(field.attributes["type"])  // inside its label
            #expect(isWithin || field.attributes["id"].map(labelled.contains) == true)
        }
        for image in parsed.all("img") { #expect(image.attributes["alt"] != nil) }
        #expect(parsed.all("table").isEmpty || parsed.all("th").allSatisfy { $0.attributes["scope"] == "col" })
        #expect(!html.contains("tabindex=\"1\""))
    }

    @Test("Links lead to pages there are", arguments: names) func links(name: String) throws {
        let (_, parsed) = try page(name)
        let known = [
            "", "predict", "models", "models/*", "models/*/versions/*", "jobs", "jobs/*", "labels", "openapi.json",
            "metrics", "sign-in", "sign-out", "stores", "stores/*/*", "stores/*/*/studies/*",
            "stores/*/*/studies/*/deidentify", "maps", "maps/*", "stores/*/*/studies/*/series/*/instances/*",
        ]
        for address in parsed.values("href") + parsed.values("action")
        where address.hasPrefix("/") && !address.hasPrefix("/assets/") && !address.hasPrefix("/dicomweb/") {
            var parts = address.prefix { $0 != "?" }.split(separator: "/").map(String.init)
            let isStore = parts.first == "stores"
            for index in parts.indices where isStore ? [1, 2, 4, 6, 8].contains(index) : index % 2 == 1 {
                if !parts[0].contains("sign") { parts[index] = "*" }
            }
            #expect(known.contains(parts.joined(separator: "/")), "\(address)")
        }
    }

    @Test("A reader who may not change anything sees no such button") func roles() throws {
        for page in Samples().pages(Pages(mayChange: false)) {
            let parsed = try #require(ParsedPage(page.html))
            #expect(parsed.values("data-call").isEmpty, "\(page.name)")
        }
        let calls = try page("version").parsed.values("data-call")
        #expect(
            calls == [
                "/v1/projects/lightbox/models/chest/versions/v1:setDefault",
                "/v1/projects/lightbox/models/chest/versions/v1",
            ])
    }

    @Test(
        "Signing in goes on to this server only",
        arguments: ["//evil.example/", "https://evil.example", "/\\evil"])
    func redirect(next: String) throws {
        let parsed = try #require(ParsedPage(Pages().signIn(next: next)))
        #expect(parsed.all("input").contains { $0.attributes["name"] == "next" && $0.attributes["value"] == "/" })
    }
}
