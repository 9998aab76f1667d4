/// The pages that people look at, under `/`.
struct Pages: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] { [] }
}
