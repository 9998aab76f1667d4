import Foundation

/// Text within SVG and HTML.
package enum Markup {
    /// Characters that have a meaning in markup as references; control characters, which XML has none of, left out.
    package static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\t", "\n": escaped.unicodeScalars.append(scalar)
            case "\u{0}"..<" ", "\u{7f}"..<"\u{a0}", "\u{fffe}", "\u{ffff}": break
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A PNG file as an address that needs no network.
    static func dataAddress(png: [UInt8]) -> String { "data:image/png;base64," + Data(png).base64EncodedString() }
}
