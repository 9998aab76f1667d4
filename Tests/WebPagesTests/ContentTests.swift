import Catalog
import Evaluation
import Foundation
import LightboxCore
import ModelRegistry
import Serving
import TestSupport
import Testing
import WebPages
import WireFormats

@Suite("What pages say") struct ContentTests {
    private func parsed(_ html: String) throws -> ParsedPage { try #require(ParsedPage(html)) }

    @Test("Without a model three commands are given") func firstSteps() throws {
        let page = try parsed(Pages().predict([]))
        for command in ["lightbox train transfer", "lightbox models create", "lightbox versions create"] {
            #expect(page.text.contains(command))
        }
        #expect(page.all("form").isEmpty)
    }

    @Test("The page for predictions knows each model's labels, thresholds and address") func choices() throws {
        let samples = Samples()
        let page = try parsed(Pages().predict(samples.choices, model: "chest", version: "v2"))
        let options = page.all("option")
        let choice = try JSONValue(parsing: try #require(options[1].attributes["data-choice"]))
        #expect(options.map { $0.attributes["selected"] != nil } == [false, true, false])
        #expect(choice["url"]?.string == "/v1/projects/lightbox/models/chest/versions/v2:predict")
        #expect(choice["labels"]?.elements?.count == 9)
        #expect(choice["thresholds"]?["edema"]?.double == samples.output.thresholds["edema"])
        #expect(choice["extras"]?.elements?.map(\.string) == ["labels", "heatmap", "card"])
        let first = try JSONValue(parsing: try #require(options[0].attributes["data-choice"]))
        #expect(first["url"]?.string == "/v1/projects/lightbox/models/chest:predict")
        #expect(first["extras"]?.elements?.map(\.string) == ["labels", "heatmap", "card", "nearest"])
    }

    @Test("Models that take no bytes are not offered for images") func signatures() {
        let numbers = ServedSignature(
            inputs: [ServedPort(name: "x", type: .float32, shape: [nil, 4])], outputs: [])
        #expect(PredictChoice(model: "m", numbers) == nil)
        #expect(PredictChoice(model: "m", Samples().signature)?.input == "image_bytes")
    }

    @Test("A version shows hashes, thresholds, settings and the metrics by label") func version() throws {
        let facts = Samples().facts()
        let text = try parsed(Pages().version(facts)).text
        for file in facts.version.files {
            #expect(text.contains(file.name) && text.contains(file.sha256.description))
        }
        for words in [
            "0.3500", "optimizer, learning rate", "areas, cardiomegaly", "mean AUC", "0.8970", "train 222,750",
            "image_bytes",
        ] {
            #expect(text.contains(words), "\(words)")
        }
    }

    @Test("A version with an evaluation shows its curves, also one that stands in the metrics") func evaluation()
        throws
    {
        let samples = Samples()
        let page = try parsed(Pages().version(samples.facts(isEvaluated: true)))
        #expect(page.all("svg").count > 4 && page.text.contains("Mean AUC"))
        var manifest = samples.manifest
        let json = String(decoding: try samples.evaluation.json(), as: UTF8.self)
        manifest.metrics = try JSONValue(parsing: json)
        #expect(VersionFacts(samples.version(), manifest: manifest).evaluation == samples.evaluation)
    }

    @Test("States are told by words, not by colour alone") func states() throws {
        for state in ["creating", "ready", "failed", "deleting", "updating"] {
            #expect(try parsed(Pages().version(Samples().facts(state: state))).text.contains(state))
        }
    }

    @Test("A job says how far it is and how long it will take") func job() throws {
        let page = try parsed(Pages().job(Samples().job(), log: Samples().lines()))
        let bar = try #require(page.all("progress").first)
        #expect(bar.attributes["value"] == "1237" && bar.attributes["max"] == "5000")
        #expect(page.text.contains("1,234 of 5,000 · 3 with errors · 42 s · about 2 min 8 s left"))
        #expect(page.text.contains("Warning:") && page.text.contains("Taken up"))
        #expect(page.values("data-call") == ["/v1/projects/lightbox/jobs/nightly_films:cancel"])
        #expect(try parsed(Pages().job(Samples().job(state: "succeeded"), log: [])).values("data-call").isEmpty)
    }

    @Test("Counts stand in a table below their chart") func labels() throws {
        let page = try parsed(Pages().labels(Samples().counts))
        #expect(page.all("svg").count >= 1 && page.all("table").count == 3)
        #expect(page.text.contains("198,000"))
    }

    @Test("A run's history is read, also one that has gaps") func history() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/history.csv"
            try
                "step,epoch,training_loss,validation_loss,accuracy,mean_auc\n10,1,0.5,0.6,,0.7\nx,1,,,,\n20,2,,nan,,0.8\n"
                .write(toFile: path, atomically: true, encoding: .utf8)
            let history = try TrainingHistory(path: path)
            #expect(history.rows.count == 2)
            #expect(history.rows[0] == .init(step: 10, trainingLoss: 0.5, validationLoss: 0.6, meanAUC: 0.7))
            let job = Samples().job(training: true)
            let live = try parsed("<div>" + Pages().live(job, curves: history) + "</div>")
            #expect(live.all("figure").count == 2)
            #expect(live.values("data-part") == ["state", "progress", "problem", "cancel", "curves"])
            #expect(Pages().job(job, log: [], curves: history).contains(Pages().live(job, curves: history)))
        }
    }

    @Test("Assets have a type and a tag; scripts import only what there is") func assets() throws {
        for name in Pages.assetNames {
            let asset = try #require(Pages.asset(named: name))
            #expect(!asset.bytes.isEmpty && asset.etag.hasPrefix("\"") && asset.etag.count == 26)
            let text = String(decoding: asset.bytes, as: UTF8.self)
            for part in text.components(separatedBy: "from \"").dropFirst() where name.hasSuffix(".js") {
                let path = part.prefix { $0 != "\"" }
                #expect(Pages.asset(named: String(path.dropFirst("/assets/".count))) != nil, "\(path)")
            }
            #expect(!text.contains("http://") || name == "icon.svg", "\(name)")
            #expect(!text.contains("https://") && !text.contains("eval("))
        }
        #expect(Pages.asset(named: "../Package.swift") == nil)
        let sheet = try #require(Pages.asset(named: "lightbox.css"))
        #expect(String(decoding: sheet.bytes, as: UTF8.self).contains("--series-6"))
    }

    @Test("Every id that a script asks for is in its page") func scriptIDs() throws {
        let pages = Dictionary(uniqueKeysWithValues: Samples().pages().map { ($0.name, $0.html) })
        for (script, page) in [
            ("predict.js", "predict"), ("job.js", "job"), ("actions.js", "model"), ("viewer.js", "study"),
            ("attributes.js", "study"), ("attributes.js", "instance"), ("reading.js", "study"),
        ] {
            let text = String(decoding: try #require(Pages.asset(named: script)).bytes, as: UTF8.self)
            let ids = try parsed(try #require(pages[page])).values("id")
            for call in ["getElementById(\"", " get(\"", "(get(\""] {
                for part in text.components(separatedBy: call).dropFirst() {
                    let id = String(part.prefix { $0 != "\"" })
                    #expect(ids.contains(id), "\(script): \(id)")
                }
            }
        }
    }
}

@Suite("What maps say") struct MapPageTests {
    @Test("A reader who may not change anything has the lasso, but nothing that writes") func reader() throws {
        let page = try #require(ParsedPage(Pages(mayChange: false).map(Samples().mapView)))
        let ids = page.values("id")
        #expect(ids.contains("tool-lasso") && ids.contains("export"))
        for id in ["label-form", "table-form", "unlabel"] { #expect(!ids.contains(id)) }
        let writer = try #require(ParsedPage(Pages().map(Samples().mapView))).values("id")
        for id in ["label-form", "table-form", "unlabel"] { #expect(writer.contains(id)) }
    }

    @Test("Rows without names cannot be written") func nameless() throws {
        let view = MapView(table: "m", axes: "x,y", planes: ["x,y"])
        let ids = try #require(ParsedPage(Pages().map(view))).values("id")
        #expect(!ids.contains("label-form") && !ids.contains("plane") && ids.contains("export"))
    }

    @Test("Addresses of viewer and pictures") func addresses() {
        let place = InstancePlace(
            store: .init(dataset: "d", store: "s s"), study: "1.2", series: "1.2.3", instance: "1.2.3.4")
        #expect(
            PageAddresses.viewer(place, frame: 2)
                == "/stores/d/s%20s/studies/1.2?series=1%2E2%2E3&instance=1%2E2%2E3%2E4&frame=2")
        #expect(
            PageAddresses.picture(place, side: 256)
                == "/dicomweb/d/s%20s/studies/1.2/series/1.2.3/instances/1.2.3.4/frames/1/rendered?viewport=256%2C256"
        )
        #expect(PageAddresses.map("a.b") == "/maps/a.b")
    }
}
