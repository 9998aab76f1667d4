import Catalog
import HTTPTypes
import Serving

/// `projects.predict` of Google's `ml` v1.
struct PredictRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let model = "/v1/projects/{project}/models/{model}"
        let description = Route.Description(body: "PredictRequest", answer: "PredictResponse")
        return [model, model + "/versions/{version}"].flatMap { place in
            [
                Route(
                    .post, place + ":predict", .google, .predict, "Predict for some instances.", description,
                    handler: predict),
                Route(.post, place + ":explain", .google, .predict, "Explanations, which are extras here.") { _ in
                    throw ServerError(
                        .notOffered, "Versions have no explanationConfig. Predict with \"extras\": [\"heatmap\"].")
                },
            ]
        }
    }

    @Sendable private func predict(_ call: Call) async throws -> Reply {
        try await context.prediction(call, style: .named)
    }
}
