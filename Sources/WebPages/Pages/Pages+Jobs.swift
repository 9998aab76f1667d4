public import Catalog
import Figures

extension Pages {
    /// Jobs, the newest first.
    ///
    /// - Parameter next: the token of the next page of the list; nil on the last.
    public func jobs(_ jobs: [Job], next: String? = nil) -> String {
        let lead: HTML =
            "Batch predictions and trainings, imports and exports. They run on this machine, one after another of each kind, and go on after a restart."
        guard !jobs.isEmpty else {
            let example =
                "lightbox jobs submit prediction first_job --model flowers \\\n  "
                + "--input-paths 'images/*.tfrecord' --output-path predictions --data-format tf-record"
            return document(
                "Jobs", in: .jobs, lead: lead,
                "<p>There is no job yet. A batch prediction begins with:</p>\n\(HTML.commands([example]))")
        }
        return document(
            "Jobs", in: .jobs, scripts: ["job.js"], lead: lead, "\(jobTable(jobs))\(Self.next(next, "/jobs"))")
    }

    func jobTable(_ jobs: [Job]) -> HTML {
        let rows = jobs.map { job -> [HTML] in
            [
                "<a href=\"\(PagePath.job(job.id))\"><strong>\(job.id)</strong></a>", "\(job.kindWords)",
                Badge.html(job.state), Self.progress(job), PageText.time(job.created),
            ]
        }
        let isOpen: HTML = jobs.contains { !$0.state.isFinal } ? "open" : "closed"
        let table = HTML.table("Jobs", ["Name", "Kind", "State", "Progress", "Made"], id: "jobs-table", rows)
        return "<div data-jobs=\"\(isOpen)\">\n\(table)</div>\n"
    }

    /// One job: how far it is, what it does, what it says.
    ///
    /// `job.js` listens to the job's events, `/v1/jobs/ID/events`, adds the log lines that they bring, and asks for
    /// ``live(_:curves:)`` when something has changed.
    public func job(_ job: Job, log: [JobLogLine], curves: TrainingHistory? = nil) -> String {
        let events = PagePath.events(ofJob: job.id) + "?after=\(log.last?.number ?? 0)"
        let content: HTML = """
            <div id="job" data-events="\(events)" data-live="\(PagePath.job(job.id))/live" \
            data-final="\(job.state.isFinal ? "true" : "false")">
            \(HTML(markup: live(job, curves: curves)))\(HTML.section("What it does", id: "work", Self.facts(job)))
            <section aria-labelledby="log-title">
            <h2 id="log-title">Log</h2>
            <ol class="log" id="log" role="log" aria-live="off" aria-label="Log" tabindex="0">\(log.map(Self.line))</ol>
            <p class="quiet"><label><input type="checkbox" id="follow" checked="checked" /> Follow the last line</label></p>
            </section>
            </div>
            \(Self.confirmation)
            """
        return document(
            job.id, in: .jobs, trail: [("Jobs", "/jobs")], scripts: ["job.js", "actions.js"],
            lead: "\(job.kindWords)",
            content)
    }

    /// The parts of a job's page that change while it runs, alone: `GET /jobs/ID/live`.
    ///
    /// Each has a name (`data-part`), under which the script puts it into the page.
    public func live(_ job: Job, curves: TrainingHistory? = nil) -> String {
        let cancel =
            job.state.isFinal || job.state == .cancelling
            ? .nothing
            : action(
                "Cancel this job", "POST", PagePath.job(job.id) + ":cancel", question: "Cancel \(job.id)?",
                remark: "What it has computed so far is not kept as a result.", next: PagePath.job(job.id),
                isDangerous: true)
        let problem: HTML? =
            job.errorMessage.isEmpty ? nil : "<p class=\"note problem\">\(job.errorMessage)</p>"
        let charts = (curves?.charts ?? []).map { chart -> HTML in
            "<figure>\n\(HTML(markup: chart.drawing().inlineSVG()))</figure>"
        }
        let training: HTML? =
            charts.isEmpty ? nil : "<h2>Training</h2>\n<div class=\"columns\">\n\(charts)\n</div>\n"
        let content: HTML = """
            <div class="panel">
            <p data-part="state" role="status">\(Badge.html(job.state))</p>
            <div data-part="progress" class="progress">\(Self.progress(job))</div>
            <div data-part="problem" role="alert">\(problem)</div>
            <div data-part="cancel" class="buttons">\(cancel)</div>
            </div>
            <section data-part="curves" aria-label="Training curves">\(training)</section>

            """
        return content.text
    }

    /// A bar and the same in words.
    private static func progress(_ job: Job) -> HTML {
        let progress = job.progress
        var words = [Number.grouped(progress.completed)]
        if let total = progress.total { words = ["\(words[0]) of \(Number.grouped(total))"] }
        if progress.errors > 0 { words.append("\(Number.grouped(progress.errors)) with errors") }
        if progress.seconds >= 1 { words.append(PageText.duration(progress.seconds)) }
        if let left = progress.secondsLeft, !job.state.isFinal {
            words.append("about \(PageText.duration(left)) left")
        }
        if !progress.detail.isEmpty { words.append(progress.detail) }
        let isWaiting = [.queued, .preparing].contains(job.state) && progress.completed == 0
        let text: HTML = isWaiting ? "not begun" : "\(words.joined(separator: " · "))"
        guard let total = progress.total, total > 0 else { return "<span class=\"quiet\">\(text)</span>" }
        let done = min(progress.completed + progress.errors, total)
        return """
            <progress value="\(done)" max="\(total)" aria-label="Progress of \(job.id)">\(done) of \(total)</progress> \
            <span class="quiet">\(text)</span>
            """
    }

    private static func line(_ line: JobLogLine) -> HTML {
        let sign: HTML =
            switch line.severity {
            case .info: ""
            case .warning: "<strong>Warning:</strong> "
            case .error: "<strong>Error:</strong> "
            }
        return "<li class=\"\(line.severity.rawValue)\">\(PageText.clock(line.time)) \(sign)\(line.text)</li>"
    }

    private static func facts(_ job: Job) -> HTML {
        var rows: [(name: String, value: HTML)] = []
        switch job.work {
        case .prediction(let work):
            switch work.target {
            case .model(let model, _):
                let name: HTML =
                    work.version.map { version in
                        "<a href=\"\(PagePath.version(version, of: model))\">\(model), version \(version)</a>"
                    } ?? "<a href=\"\(PagePath.model(model))\">\(model)</a>"
                rows.append(("Model", name))
            case .folder(let folder): rows.append(("Model", "<code>\(folder)</code>"))
            }
            rows += [
                ("Reads", "\(work.inputs.map { "<code>\($0)</code>" as HTML })"),
                ("Format", "\(work.format.words)"),
                ("Writes into", "<code>\(work.output)</code>"),
                ("Batch", "\(Number.grouped(work.batchSize)) records"),
            ]
        case .training(let work):
            rows += [
                ("Trainer", "<code>\(work.module)</code>"),
                (
                    "Arguments",
                    work.arguments.isEmpty ? "" : "<code>\(work.arguments.joined(separator: " "))</code>"
                ),
                ("Writes into", work.folder.isEmpty ? "" : "<code>\(work.folder)</code>"),
            ]
        case .archive(let work):
            rows.append((work.store == nil ? "Dataset" : "DICOM store", archivePlace(work.dataset, work.store)))
            if let source = work.source { rows.append(("Reads", "<code>\(source)</code>")) }
            if case .deidentify(let settings) = work.action {
                rows.append(("Writes into", archivePlace(settings.dataset, settings.store)))
            } else if let target = work.target {
                rows.append(("Writes into", "<code>\(target)</code>"))
            }
        }
        return HTML.facts(
            rows + [
                ("Made", PageText.time(job.created)), ("By", "\(job.creator)"),
                ("Begun", job.started.map(PageText.time) ?? ""), ("Ended", job.ended.map(PageText.time) ?? ""),
                ("Taken up", job.attempts > 1 ? "\(job.attempts) times" : ""), ("Labels", labels(job.labels)),
            ])
    }

    private static func archivePlace(_ dataset: String, _ store: String?) -> HTML {
        guard let store else { return "<code>\(dataset)</code>" }
        let place = StorePlace(dataset: dataset, store: store)
        return "<a href=\"\(PagePath.store(place))\">\(place.name)</a>"
    }
}

extension Job {
    var kindWords: String {
        switch work {
        case .prediction: "Batch prediction"
        case .training: "Training"
        case .archive(let work): work.words
        }
    }
}

extension Job.Progress {
    /// At the speed so far; nil before enough is known.
    fileprivate var secondsLeft: Double? {
        let done = completed + errors
        guard let total, done > 0, seconds >= 2, total > done else { return nil }
        return seconds / Double(done) * Double(total - done)
    }
}

extension PredictionWork.DataFormat {
    fileprivate var words: String {
        switch self {
        case .json, .text: "lines of JSON or text"
        case .tfRecord: "TFRecord"
        case .tfRecordGzip: "TFRecord, gzip"
        }
    }
}
