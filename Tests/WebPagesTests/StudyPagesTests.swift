import Testing
import WebPages

@Suite("Pages of studies") struct StudyPagesTests {
    private let samples = Samples()

    private func page(_ name: String, _ pages: Pages = Pages()) throws -> ParsedPage {
        let html = try #require(samples.pages(pages).first { $0.name == name }).html
        return try #require(ParsedPage(html))
    }

    @Test(
        "Names, dates and times are written as people write them; what has another form stays",
        arguments: [
            ("Doe^Jane^M", "Doe, Jane M"), ("Doe", "Doe"), ("^Jane", "Jane"), ("", "no name"),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou (山田, 太郎, やまだ, たろう)"), ("a b^^c", "a b, c"),
        ])
    func names(stored: String, shown: String) throws {
        var study = StudySummary(uid: "1.2")
        (study.patientName, study.date, study.time) = (stored, "20240131", "1015")
        var odd = study
        (odd.date, odd.time) = ("31.1.2024", "noon")
        let html = Pages().studies(.init(place: .init(dataset: "a", store: "b"), studies: [study, odd]))
        #expect(html.contains("<strong>\(shown)</strong>"))
        for text in ["2024-01-31", "10:15", "31.1.2024", "noon"] { #expect(html.contains(text), "\(text)") }
    }

    @Test("A search stays in its fields and in the addresses of the pages around") func search() throws {
        let parsed = try page("studies")
        for name in ["name", "patient", "from", "to", "modality", "accession"] {
            let field = try #require(parsed.all("input").first { $0.attributes["name"] == name })
            #expect(field.attributes["value"] == samples.words)
        }
        let links = parsed.all("a").filter { $0.attributes["rel"] != nil }
        #expect(links.map { $0.attributes["rel"] } == ["prev", "next"])
        #expect(links[1].attributes["href"]?.hasSuffix("sort=patient&offset=100") == true)
        #expect(links[0].attributes["href"]?.contains("name=Frontal%20and%20lateral%20films&") == true)
        #expect(links[0].attributes["href"]?.contains("offset") == false, "the first page")
    }

    @Test("The viewer is told what to show; without scripts the picture and its neighbours are there")
    func viewer() throws {
        let parsed = try page("study")
        let viewer = try #require(parsed.elements.first { $0.attributes["id"] == "viewer" }).attributes
        #expect(viewer["data-images"] == #"[["\#(samples.words)",1],["1.5",30]]"#)
        #expect(viewer["data-index"] == "1" && viewer["data-frame"] == "2")
        let root = try #require(viewer["data-root"])
        #expect(
            root
                == "/dicomweb/Frontal%20and%20lateral%20films/films/studies/Frontal%20and%20lateral%20films/series/1.2.3"
        )
        let plain = try #require(parsed.elements.first { $0.attributes["id"] == "plain" }).attributes
        #expect(plain["src"]?.hasPrefix(root + "/instances/1.5/frames/2/rendered?window=") == true)
        #expect(plain["alt"] == "Image 3 of 31")
        let steps = parsed.all("a").filter { $0.attributes["rel"] != nil }.compactMap { $0.attributes["href"] }
        #expect(steps.map { $0.suffix(8) } == ["&frame=1", "&frame=3"])
    }

    @Test("A series without pictures asks for no thumbnail") func thumbnails() throws {
        let pictures = try page("study").all("img").compactMap { $0.attributes["src"] }.filter {
            $0.hasSuffix("/thumbnail")
        }
        #expect(pictures.count == 1)
    }

    @Test("Who may read only sees neither predictions nor de-identification, nor the way to them")
    func roles() throws {
        let reader = Pages(mayChange: false, mayPredict: false)
        for sample in samples.pages(reader) where sample.name != "predict" && sample.name != "predict-empty" {
            let parsed = try #require(ParsedPage(sample.html))
            #expect(!parsed.values("href").contains { $0.hasPrefix("/predict") }, "\(sample.name)")
        }
        #expect(try page("study", reader).values("action").allSatisfy { !$0.hasSuffix("/deidentify") })
        #expect(try !page("study", reader).values("id").contains("ask"))
        #expect(try page("study").values("action").contains { $0.hasSuffix("/deidentify") })
        #expect(try page("study").values("id").contains("ask"))
        let asks = Pages(mayChange: false, mayPredict: true)
        #expect(try page("study", asks).values("id").contains("ask"))
        #expect(try page("study", asks).values("action").allSatisfy { !$0.hasSuffix("/deidentify") })
    }

    @Test("Items of sequences are folded into their row; private attributes are marked") func attributes() throws {
        let table = Pages().attributes(samples.instance.rows)
        let parsed = try #require(ParsedPage(table))
        #expect(parsed.all("details").count == 2 && parsed.all("table").count == 3)
        #expect(parsed.all("tr").filter { $0.attributes["class"] == "private" }.count == 1)
        #expect(Pages().instance(samples.instance).contains(table))
    }
}
