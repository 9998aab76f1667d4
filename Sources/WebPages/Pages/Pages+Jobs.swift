public import Catalog
import Figures

extension Pages {
    /// Jobs, the newest first.
    ///
    /// - Parameter next: the token of the next page of the list; nil on the last.
    public func jobs(_ jobs: [Job], next: String? = nil) -> String {
        let lead: HTML =
            "Batch predictions and trainings. They run on this machine, one after another, and go on after a restart."
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

    /// One job: how far it is, what it does, what it says. `job.js` keeps it up to date from `/jobs/ID/events`.
    public func job(_ job: Job, log: [JobLogLine], curves: TrainingHistory? = nil) -> String {
        let cancel =
            job.state.isFinal || job.state == .cancelling
            ? .nothing
            : action(
                "Cancel this job", "POST", PagePath.job(job.id) + ":cancel", question: "Cancel \(job.id)?",
                remark: "What it has computed so far is not kept as a result.", next: PagePath.job(job.id),
                isDangerous: true)
        let lines = log.map(Self.line)
        let content: HTML = """
            <div id="job" data-events="\(PagePath.job(job.id))/events" data-curves="\(PagePath.job(job.id))/curves" \
            data-final="\(job.state.isFinal ? "true" : "false")" data-line="\(log.last?.number ?? 0)">
            <div class="panel">
            <p id="state" role="status">\(Badge.html(job.state))</p>
            <div id="progress">\(Self.progress(job))</div>
            <p class="note problem" id="problem"\(job.errorMessage.isEmpty ? " hidden=\"hidden\"" as HTML : "")>\(job.errorMessage)</p>
            <div class="buttons" id="cancel">\(cancel)</div>
            </div>
            \(HTML.section("What it does", id: "work", Self.facts(job)))
            <section aria-labelledby="curves-title" id="curves-section"\(curves?.isEmpty ?? true ? " hidden=\"hidden\"" as HTML : "")>
            <h2 id="curves-title">Training</h2>
            <div id="curves">\(HTML(markup: curves.map { self.curves($0) } ?? ""))</div>
            </section>
            <section aria-labelledby="log-title">
            <h2 id="log-title">Log</h2>
            <ol class="log" id="log" role="log" aria-live="off" aria-label="Log" tabindex="0">\(lines)</ol>
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

    /// The training curves alone, which `job.js` asks for when there are new points: `GET /jobs/ID/curves`.
    public func curves(_ history: TrainingHistory) -> String {
        let figures = history.charts.map { "<figure>\n\(HTML(markup: $0.drawing().inlineSVG()))</figure>" as HTML }
        return ("<div class=\"columns\">\n\(figures)\n</div>\n" as HTML).text
    }

    // MARK: Parts that are also sent as events

    /// A bar and the same in words.
    static func progress(_ job: Job) -> HTML {
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

    static func state(_ job: Job) -> HTML { Badge.html(job.state) }

    static func line(_ line: JobLogLine) -> HTML {
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
        }
        return HTML.facts(
            rows + [
                ("Made", PageText.time(job.created)), ("By", "\(job.creator)"),
                ("Begun", job.started.map(PageText.time) ?? ""), ("Ended", job.ended.map(PageText.time) ?? ""),
                ("Taken up", job.attempts > 1 ? "\(job.attempts) times" : ""), ("Labels", labels(job.labels)),
            ])
    }
}

extension Job {
    var kindWords: String {
        switch work {
        case .prediction: "Batch prediction"
        case .training: "Training"
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
