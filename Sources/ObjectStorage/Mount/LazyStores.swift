import LightboxCore
import Synchronization

/// Places that are made when the first object is asked for: no other command opens libcurl or reads credentials.
final class LazyStores: Sendable {
    private let made = Mutex<Result<ObjectStores, any Error>?>(nil)
    private let make: @Sendable () throws -> ObjectStores

    init(_ make: @escaping @Sendable () throws -> ObjectStores) { self.make = make }

    func stores() throws -> ObjectStores {
        try made.withLock { made in
            if let made { return try made.get() }
            let result = Result { try make() }
            made = result
            return try result.get()
        }
    }

    func place(of name: ObjectName) throws -> any ObjectPlace {
        guard let place = try stores().place(of: name.scheme) else {
            throw ObjectError(
                .invalidAddress, at: name.description, "no endpoint is configured for \(name.scheme)://.")
        }
        return place
    }
}
