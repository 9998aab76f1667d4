public import LightboxCore

/// Why a model could not be served or a request not be answered. The text never repeats a value of an instance,
/// which may identify a patient.
public struct ServingError: Failure, Equatable {
    public enum Code: String, Sendable, CaseIterable {
        /// The request's bytes are not JSON, or not an object of the expected form.
        case malformedRequest
        case unknownSignature
        /// An input that the signature does not have.
        case unexpectedInput
        case missingInput
        /// A value that is not of its input's type.
        case wrongType
        case wrongShape
        /// Bytes that are no image, or one that is not read.
        case badImage
        /// Something that this model does not have: a heat map of a model without feature maps.
        case unavailableExtra
        /// Over a limit of size or number.
        case tooLarge
        /// URLs are not fetched, or not from there.
        case remoteImagesRefused
        case modelNotFound
        /// A file or folder that cannot be served.
        case modelRefused
        /// More is waiting than the limits allow: ask again later.
        case overloaded
        case deadlineExceeded
        /// The model has been taken away, or the service ends.
        case closed
        /// The model could not compute.
        case failed
    }

    public let code: Code
    /// The model, when it is not clear from the request; empty else.
    public var model: String
    /// The index of the instance that is wrong, from 0.
    public var instance: Int?
    /// The input or member that is wrong.
    public var field: String?
    /// Which rule is broken.
    public var problem: String
    /// What the caller can do now.
    public var remedy: String

    public init(
        _ code: Code, model: String = "", instance: Int? = nil, field: String? = nil, _ problem: String,
        remedy: String
    ) {
        self.code = code
        self.model = model
        self.instance = instance
        self.field = field
        self.problem = problem
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .malformedRequest, .unknownSignature, .unexpectedInput, .missingInput, .wrongType, .wrongShape,
            .badImage, .unavailableExtra, .remoteImagesRefused:
            .invalidInput
        case .tooLarge: .limitExceeded
        case .modelNotFound: .notFound
        case .modelRefused: .unsupported
        case .overloaded, .deadlineExceeded, .closed, .failed: .environment
        }
    }

    /// `instance 3, image_bytes: this is no image. Send PNG, JPEG or DICOM bytes.`
    public var description: String {
        let place = [
            model.isEmpty ? nil : "model \(model)", instance.map { "instance \($0)" }, field,
        ].compactMap { $0 }.joined(separator: ", ")
        return (place.isEmpty ? "" : place + ": ") + "\(problem). \(remedy)"
    }

    /// The same error, placed where the caller finds it.
    func at(instance: Int? = nil, field: String? = nil) -> ServingError {
        var copy = self
        copy.instance = copy.instance ?? instance
        copy.field = copy.field ?? field
        return copy
    }
}
