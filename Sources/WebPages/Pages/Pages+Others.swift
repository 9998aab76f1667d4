extension Pages {
    /// Something that went wrong, in words: a page that is not there, a model that was deleted.
    ///
    /// - Parameters:
    ///   - status: of HTTP.
    ///   - message: what happened and what to do.
    public func problem(status: Int, _ message: String) -> String {
        let title = status == 404 ? "Not found" : status == 403 ? "Not allowed" : "That did not work"
        return document(
            title, in: nil,
            """
            <p class="note problem">\(message)</p>
            <p><a class="button" href="/">To the start page</a></p>

            """)
    }

    /// Asks for a token, where the server wants one: `POST /sign-in` with the fields `token` and `next`.
    ///
    /// - Parameters:
    ///   - next: the path to go on to.
    ///   - hasFailed: whether the last token was refused.
    public func signIn(next: String, hasFailed: Bool = false) -> String {
        let problem: HTML? =
            hasFailed
            ? "<p class=\"note problem\" role=\"alert\" id=\"token-problem\">This token is not known.</p>\n" : nil
        let place = next.hasPrefix("/") && !next.hasPrefix("//") && !next.contains("\\") ? next : "/"
        return document(
            "Sign in", in: nil, lead: "This server asks who you are. Whoever runs it gives out tokens.",
            """
            \(problem)<form class="panel line" method="post" action="/sign-in">
            <div class="field"><label for="token">Token</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required="required" \(hasFailed ? "aria-invalid=\"true\" aria-describedby=\"token-problem\"" as HTML : "") /></div>
            <input type="hidden" name="next" value="\(place)" />
            <button>Sign in</button>
            </form>

            """)
    }
}
