/// Addresses of pages and pictures that routes hand on.
public enum PageAddresses {
    public static func map(_ table: String) -> String { PagePath.map(table) }

    /// The study viewer at one image.
    public static func viewer(_ place: InstancePlace, frame: Int = 1) -> String {
        let query = PagePath.query([
            "series": place.series, "instance": place.instance, "frame": frame > 1 ? "\(frame)" : "",
        ])
        return "\(PagePath.study(place.study, in: place.store))?\(query)"
    }

    /// A frame as a picture.
    ///
    /// - Parameter side: pixels that it has at most; nil for all of its own.
    public static func picture(_ place: InstancePlace, frame: Int = 1, side: Int? = nil) -> String {
        let path = PagePath.dicomWeb(place.store, place.study, series: place.series, instance: place.instance)
        let size = side.map { "?" + PagePath.query(["viewport": "\($0),\($0)"]) } ?? ""
        return "\(path)/frames/\(max(1, frame))/rendered\(size)"
    }

    /// `a=1&b=%20`, without those that are empty.
    public static func query(_ items: KeyValuePairs<String, String>) -> String { PagePath.query(items) }
}
