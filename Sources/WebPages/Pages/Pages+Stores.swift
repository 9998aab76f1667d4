import Figures

extension Pages {
    /// The DICOM stores.
    public func stores(_ stores: [StoreSummary]) -> String {
        let lead: HTML =
            "DICOM stores of this machine. Whatever is sent or imported into one can be looked at here."
        guard !stores.isEmpty else {
            return document(
                "Studies", in: .studies, lead: lead,
                """
                <p>There is no store yet. Files of a folder make one, made-up radiographs too:</p>
                \(HTML.commands(["lightbox dicom import scans/ --store scans", "lightbox phantoms --output phantoms"]))
                """)
        }
        let rows = stores.map { store -> [HTML] in
            [
                "<a href=\"\(PagePath.store(store.place))\"><strong>\(store.place.name)</strong></a>",
                "\(Number.grouped(store.studies))", "\(Number.grouped(store.series))",
                "\(Number.grouped(store.instances))", "\(PageText.size(store.bytes))",
            ]
        }
        return document(
            "Studies", in: .studies, lead: lead,
            HTML.table(
                "DICOM stores", ["Store", "Studies", "Series", "Instances", "Size"], numeric: [1, 2, 3, 4], rows))
    }

    /// A part of the studies of a store.
    public struct StudyList: Sendable {
        public var place: StorePlace
        public var search: StudySearch
        public var studies: [StudySummary]
        /// How many come before.
        public var offset: Int
        /// Studies on one page.
        public var size: Int
        public var hasMore: Bool

        public init(
            place: StorePlace, search: StudySearch = StudySearch(), studies: [StudySummary], offset: Int = 0,
            size: Int = 50, hasMore: Bool = false
        ) {
            self.place = place
            self.search = search
            self.studies = studies
            self.offset = offset
            self.size = size
            self.hasMore = hasMore
        }
    }

    public func studies(_ list: StudyList) -> String {
        let found: HTML
        if list.studies.isEmpty {
            let isEmpty = list.search.isEmpty && list.offset == 0
            found = isEmpty ? Self.empty(list.place) : "<p role=\"status\">No study is like that.</p>\n"
        } else {
            found = "\(Self.range(list))\(Self.table(list))\(Self.paging(list))"
        }
        return document(
            list.place.name, in: .studies, trail: [("Stores", "/stores")],
            "\(Self.form(list.search, PagePath.store(list.place)))\(found)")
    }

    private static func empty(_ place: StorePlace) -> HTML {
        """
        <p>The store is empty. DICOMweb at <code>/dicomweb/\(place.name)</code> fills it, and so does:</p>
        \(HTML.commands(["lightbox dicom import scans/ --store \(place.name)"]))
        """
    }

    private static func form(_ search: StudySearch, _ path: String) -> HTML {
        func field(_ name: String, _ label: String, _ value: String, type: String = "search") -> HTML {
            """
            <div class="field"><label for="\(name)">\(label)</label>
            <input id="\(name)" name="\(name)" type="\(type)" value="\(value)" maxlength="64" autocomplete="off" /></div>

            """
        }
        let orders = [("", "newest first"), ("patient", "by patient")].map { value, name -> HTML in
            let isChosen: HTML = (value == "patient") == search.isByPatient ? " selected=\"selected\"" : ""
            return "<option value=\"\(value)\"\(isChosen)>\(name)</option>"
        }
        let clear: HTML? = search.isEmpty ? nil : "<a class=\"quiet\" href=\"\(path)\">Show all</a>\n"
        return """
            <form class="panel search" method="get" action="\(path)" role="search">
            \(field("name", "Patient’s name", search.patientName))\(field("patient", "Patient ID", search.patientID))\
            \(field("from", "From", search.from, type: "date"))\(field("to", "To", search.to, type: "date"))\
            \(field("modality", "Modality", search.modality))\(field("accession", "Accession number", search.accessionNumber))\
            <div class="field"><label for="sort">Order</label>
            <select id="sort" name="sort">\(orders)</select></div>
            <div class="field go"><button>Search</button>
            \(clear)</div>
            </form>

            """
    }

    private static func range(_ list: StudyList) -> HTML {
        let (first, last) = (list.offset + 1, list.offset + list.studies.count)
        let whole = !list.hasMore && list.offset == 0
        let words =
            whole
            ? "\(last) \(last == 1 ? "study" : "studies")"
            : "Studies \(Number.grouped(first)) to \(Number.grouped(last))"
        return "<p class=\"quiet\" role=\"status\">\(words)</p>\n"
    }

    private static func table(_ list: StudyList) -> HTML {
        let rows = list.studies.map { study -> [HTML] in
            let name = DICOMText.person(study.patientName)
            let path = PagePath.study(study.uid, in: list.place)
            var same = StudySearch()
            same.patientID = study.patientID
            let patient: HTML? =
                study.patientID.isEmpty
                ? nil
                : "<br /><a class=\"quiet\" href=\"\(PagePath.store(list.place))?\(same.query())\">\(study.patientID)</a>"
            return [
                "<a href=\"\(path)\"><strong>\(name.isEmpty ? "no name" : name)</strong></a>\(patient)",
                "\(DICOMText.date(study.date))<br /><span class=\"quiet\">\(DICOMText.time(study.time))</span>",
                "\(study.modalities.map { "<span class=\"badge plain\">\($0)</span>" as HTML })",
                "\(study.description)", "\(study.accessionNumber)", "\(Number.grouped(study.seriesCount))",
                "\(Number.grouped(study.instanceCount))",
            ]
        }
        return .table(
            "Studies of \(list.place.name)",
            ["Patient", "Date", "Modality", "Description", "Accession", "Series", "Images"], numeric: [5, 6],
            id: "studies", rows)
    }

    private static func paging(_ list: StudyList) -> HTML {
        let path = PagePath.store(list.place)
        func link(_ offset: Int, _ name: String, _ relation: String) -> HTML {
            "<a class=\"quiet\" rel=\"\(relation)\" href=\"\(path)?\(list.search.query(offset: offset))\">\(name)</a>"
        }
        let earlier = list.offset > 0 ? link(max(0, list.offset - list.size), "← Before", "prev") : nil
        let later = list.hasMore ? link(list.offset + list.size, "More →", "next") : nil
        guard earlier != nil || later != nil else { return .nothing }
        return "<nav class=\"buttons\" aria-label=\"Pages of the list\">\(earlier)\(later)</nav>\n"
    }
}
