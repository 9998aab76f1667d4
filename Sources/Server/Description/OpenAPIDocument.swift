import Catalog
import Foundation
import HTTPTypes
import WireFormats

/// `/openapi.json`, written from the table of routes.
struct OpenAPIDocument {
    let routes: [Route]

    var value: JSONValue {
        let families = Set(routes.map(\.family))
        return .object([
            JSONMember("openapi", .string("3.1.0")),
            JSONMember(
                "info",
                .object([
                    JSONMember("title", .string("Lightbox")),
                    JSONMember("version", .string("1")),
                    JSONMember(
                        "description",
                        .string(
                            "Models as a service on your own machine. Not a medical device: nothing that it says may "
                                + "guide the care of a patient.")),
                ])),
            JSONMember(
                "tags",
                .array(
                    Route.Family.allCases.filter(families.contains).map {
                        .object([JSONMember("name", .string($0.rawValue))])
                    })
            ),
            JSONMember("paths", .object(paths)),
            JSONMember("components", Schemas.components),
        ])
    }

    /// In the order in which they are first named.
    private var paths: [JSONMember] {
        var templates: [String] = []
        var methods: [String: [JSONMember]] = [:]
        for route in routes where route.family != .page {
            let template = route.template.replacing("*}", with: "}")
            if methods[template] == nil { templates.append(template) }
            let method = JSONMember(route.method.rawValue.lowercased(), operation(route))
            methods[template, default: []].append(method)
        }
        return templates.map { JSONMember($0, .object(methods[$0] ?? [])) }
    }

    private func operation(_ route: Route) -> JSONValue {
        var members = [
            JSONMember("operationId", .string(Self.identifier(route))),
            JSONMember("summary", .string(route.summary)),
            JSONMember("tags", .array([.string(route.family.rawValue)])),
            JSONMember("x-lightbox-role", .string(route.role.rawValue)),
        ]
        let parameters =
            Self.names(route).map { Self.parameter($0, in: "path", "") }
            + route.description.query.map { Self.parameter($0.name, in: "query", $0.text) }
        if !parameters.isEmpty { members.append(JSONMember("parameters", .array(parameters))) }
        if let body = route.description.body {
            members.append(
                JSONMember(
                    "requestBody",
                    .object([
                        JSONMember("required", .bool(body != "Empty")),
                        JSONMember("content", Self.content("application/json", body)),
                    ])))
        }
        members.append(JSONMember("responses", Self.responses(route)))
        return .object(members)
    }

    private static func responses(_ route: Route) -> JSONValue {
        var good = [JSONMember("description", .string("As asked."))]
        if let answer = route.description.answer {
            good.append(JSONMember("content", content(route.description.mediaType, answer)))
        } else if route.description.mediaType != "application/json" {
            good.append(
                JSONMember("content", .object([JSONMember(route.description.mediaType, .object([]))])))
        }
        let schema =
            switch route.errors {
            case .google, .storage, .bigQuery: "Error"
            case .text: "ErrorText"
            case .googlePrediction: "AnyError"
            }
        let bad = JSONValue.object([
            JSONMember("description", .string("What is wrong, and what can be done.")),
            JSONMember("content", content("application/json", schema)),
        ])
        return .object([
            JSONMember("200", .object(good)), JSONMember("4XX", bad), JSONMember("default", bad),
        ])
    }

    private static func content(_ type: String, _ schema: String) -> JSONValue {
        let reference = JSONValue.object([JSONMember("$ref", .string("#/components/schemas/" + schema))])
        return .object([JSONMember(type, .object([JSONMember("schema", reference)]))])
    }

    private static func parameter(_ name: String, in place: String, _ text: String) -> JSONValue {
        var members = [JSONMember("name", .string(name)), JSONMember("in", .string(place))]
        if place == "path" { members.append(JSONMember("required", .bool(true))) }
        if !text.isEmpty { members.append(JSONMember("description", .string(text))) }
        let type = name == "pageSize" || name == "after" ? "integer" : "string"
        members.append(JSONMember("schema", .object([JSONMember("type", .string(type))])))
        return .object(members)
    }

    private static func names(_ route: Route) -> [String] {
        route.parts.segments.filter { $0.hasPrefix("{") }.map { $0.filter { !"{*}".contains($0) } }
    }

    /// `post_v1_projects_models_predict`, with `by_version` where that tells two apart.
    private static func identifier(_ route: Route) -> String {
        let (segments, verb) = route.parts
        var words = [route.method.rawValue.lowercased()]
        for segment in segments {
            words.append((segment.hasPrefix("{") ? "by_" : "") + segment.filter { !"{*}".contains($0) })
        }
        if !verb.isEmpty { words.append(String(verb)) }
        return words.joined(separator: "_").replacingOccurrences(of: ".", with: "_")
    }
}
