import Figures

extension Pages {
    /// A study, and the series of it that is looked at.
    public struct StudyView: Sendable {
        public var place: StorePlace
        public var study: StudySummary
        public var series: [SeriesSummary]
        /// The series that is shown; nil in a study without any.
        public var shown: SeriesView?
        /// Models that can be asked about the image.
        public var choices: [PredictChoice]

        public init(
            place: StorePlace, study: StudySummary, series: [SeriesSummary], shown: SeriesView? = nil,
            choices: [PredictChoice] = []
        ) {
            self.place = place
            self.study = study
            self.series = series
            self.shown = shown
            self.choices = choices
        }
    }

    /// The images of a series, and where among them one begins to look.
    public struct SeriesView: Sendable {
        public struct Image: Sendable {
            public var uid: String
            public var frames: Int

            public init(uid: String, frames: Int) {
                self.uid = uid
                self.frames = frames
            }
        }

        public var uid: String
        /// In the order of their numbers.
        public var images: [Image]
        /// Instances without pixels.
        public var others: [String]
        /// In ``images``, from 0.
        public var index: Int
        /// Of that image, from 1.
        public var frame: Int
        /// `center,width`; nil for the file's own.
        public var window: String?

        public init(
            uid: String, images: [Image], others: [String] = [], index: Int = 0, frame: Int = 1,
            window: String? = nil
        ) {
            self.uid = uid
            self.images = images
            self.others = others
            self.index = index
            self.frame = frame
            self.window = window
        }

        var current: Image? { images.indices.contains(index) ? images[index] : nil }
        /// Pictures before this one, and all of them.
        var position: (before: Int, count: Int) {
            (
                images.prefix(index).reduce(0) { $0 + $1.frames } + frame - 1,
                images.reduce(0) { $0 + $1.frames }
            )
        }

        /// The picture that stands `step` pictures on.
        func neighbour(_ step: Int) -> (uid: String, frame: Int)? {
            var wanted = position.before + step
            guard wanted >= 0 else { return nil }
            for image in images {
                if wanted < image.frames { return (image.uid, wanted + 1) }
                wanted -= image.frames
            }
            return nil
        }
    }

    public func study(_ view: StudyView) -> String {
        let (study, place) = (view.study, view.place)
        let name = DICOMText.person(study.patientName)
        let facts = HTML.facts([
            ("Patient", "\(name.isEmpty ? "no name" : name)"), ("Patient ID", "\(study.patientID)"),
            ("Born", "\(DICOMText.date(study.birthDate))"), ("Sex", "\(study.sex)"),
            ("Study", "\(DICOMText.date(study.date)) \(DICOMText.time(study.time))"),
            ("Accession", "\(study.accessionNumber)"),
        ])
        let content: HTML
        if let shown = view.shown, shown.current != nil {
            content = viewer(view, shown)
        } else {
            content = "<p class=\"note\">There is no image here to be shown.</p>\n\(Self.others(view))"
        }
        return document(
            study.title, in: .studies, trail: [("Stores", "/stores"), (place.name, PagePath.store(place))],
            scripts: ["viewer.js"],
            """
            <div class="study-facts">\(facts)</div>
            <div class="study">
            \(Self.seriesList(view))<div class="looking">
            \(content)</div>
            </div>

            """)
    }

    private static func seriesList(_ view: StudyView) -> HTML {
        let items = view.series.map { series -> HTML in
            let isShown = series.uid == view.shown?.uid
            let current: HTML = isShown ? " aria-current=\"true\"" : ""
            let path =
                "\(PagePath.study(view.study.uid, in: view.place))?\(PagePath.query(["series": series.uid]))"
            let thumbnail = PagePath.dicomWeb(view.place, view.study.uid, series: series.uid) + "/thumbnail"
            let picture: HTML =
                series.mayHavePicture
                ? "<img src=\"\(thumbnail)\" alt=\"\" width=\"84\" height=\"84\" loading=\"lazy\" decoding=\"async\" />"
                : "<span class=\"no-picture\">no picture</span>"
            let count =
                "\(Number.grouped(series.instanceCount)) \(series.instanceCount == 1 ? "instance" : "instances")"
            return """
                <li><a href="\(path)"\(current)>\(picture)<span><strong>\(series.title)</strong>
                <span class="quiet">\(series.modality) \(series.bodyPart)<br />\(count)</span></span></a></li>
                """
        }
        return "<nav class=\"series\" aria-label=\"Series\"><ol>\n\(items)\n</ol></nav>\n"
    }

    /// Instances that have no picture, as links to what they say.
    private static func others(_ view: StudyView) -> HTML {
        guard let shown = view.shown, !shown.others.isEmpty else { return .nothing }
        let links = shown.others.prefix(200).enumerated().map { number, uid -> HTML in
            let key = InstancePlace(store: view.place, study: view.study.uid, series: shown.uid, instance: uid)
            return "<li><a href=\"\(PagePath.instance(key))\">Instance \(number + 1)</a></li>"
        }
        return "<ul>\n\(links)\n</ul>\n"
    }
}
