import LightboxCore
import Networks
import WireFormats

/// The settings of one layer in a Keras configuration, read with their defaults; what does not fit is refused
/// by the layer's name.
struct LayerSettings {
    let file: String
    let name: String
    let values: JSONValue
    let limits: ArchitectureLimits

    // MARK: Refusals

    func refusal(_ problem: String, _ remedy: String = LayerSettings.remedy) -> ArchitectureError {
        ArchitectureError(kind: .unsupported, file: file, layer: name, problem: problem, remedy: remedy)
    }

    func damage(_ problem: String) -> ArchitectureError {
        ArchitectureError(
            kind: .corrupt, file: file, layer: name, problem: problem, remedy: "Save the model again in Keras.")
    }

    static let remedy = "Change the model in Keras and save it again, or export it to ONNX there."

    /// Refuses a layer that sets what this build has not.
    func require(_ key: String, isOneOf allowed: Set<Int>, otherwise fallback: Int = 1) throws {
        for value in try integers(key) ?? [fallback] where !allowed.contains(value) {
            throw refusal("has \(key) \(value), which is not supported")
        }
    }

    /// Keras stores the order of dimensions only where it matters.
    func requireChannelsLast() throws {
        if values["data_format"]?.string == "channels_first" {
            throw refusal("has data_format channels_first: only channels_last is supported")
        }
    }

    // MARK: Values

    func flag(_ key: String, otherwise fallback: Bool) throws -> Bool {
        guard let value = present(key) else { return fallback }
        guard let flag = value.bool else { throw damage("has a \(key) that is not true or false") }
        return flag
    }

    func number(_ key: String, otherwise fallback: Double?) throws -> Double {
        guard let value = present(key) else {
            guard let fallback else { throw damage("has no \(key)") }
            return fallback
        }
        guard let number = value.double, number.isFinite, abs(number) < 1e30 else {
            throw damage("has a \(key) that is not a number")
        }
        return number
    }

    /// A whole number that counts something: 1 or more.
    func count(_ key: String, otherwise fallback: Int? = nil) throws -> Int {
        guard let value = present(key) else {
            guard let fallback else { throw damage("has no \(key)") }
            return fallback
        }
        guard let count = LayerSettings.whole(value), count >= 1 else {
            throw damage("has a \(key) that is not a number above 0")
        }
        guard count <= limits.size else { throw tooLarge(key) }
        return count
    }

    /// `[3, 3]`, or 3 for both.
    func extent(_ key: String, otherwise fallback: Extent? = nil) throws -> Extent {
        guard let numbers = try integers(key) else {
            guard let fallback else { throw damage("has no \(key)") }
            return fallback
        }
        guard (1...2).contains(numbers.count), numbers.allSatisfy({ $0 >= 1 }) else {
            throw damage("has a \(key) that is not a height and a width")
        }
        // A kernel or a stride larger than any image is a mistake.
        guard numbers.allSatisfy({ $0 <= 4_096 }) else { throw tooLarge(key) }
        return Extent(numbers[0], numbers[numbers.count - 1])
    }

    func text(_ key: String) -> String? { present(key)?.string }

    func padding() throws -> Padding {
        guard let padding = Padding(rawValue: text("padding")?.lowercased() ?? "valid") else {
            throw refusal("has a padding that is not valid or same")
        }
        return padding
    }

    /// A whole number or several, also of Keras 3's tuples.
    func integers(_ key: String) throws -> [Int]? {
        guard let value = present(key) else { return nil }
        let elements = LayerSettings.list(value) ?? [value]
        return try elements.map { element in
            guard let number = LayerSettings.whole(element) else {
                throw damage("has a \(key) that is not a whole number")
            }
            guard abs(number) <= limits.size else { throw tooLarge(key) }
            return number
        }
    }

    /// nil also for `null`.
    func present(_ key: String) -> JSONValue? {
        guard let value = values[key], value != .null else { return nil }
        return value
    }

    func tooLarge(_ what: String) -> ArchitectureError {
        ArchitectureError(
            kind: .limitExceeded, file: file, layer: name, problem: "has a \(what) that is too large",
            remedy: "Check that this is a model for images.")
    }

    // MARK: JSON

    static func whole(_ value: JSONValue) -> Int? {
        guard let number = value.double, number == number.rounded(), abs(number) < 0x1p53 else { return nil }
        return Int(number)
    }

    /// `{"class_name": "__tuple__", "items": […]}` is a list too.
    static func list(_ value: JSONValue) -> [JSONValue]? { value.elements ?? value["items"]?.elements }
}
