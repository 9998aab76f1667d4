import Database

/// The functions of ``VectorFunctions`` in PostgreSQL, and some of SQLite's that the published statements use.
///
/// They stand beside the user's tables. Where the server has pgvector, the three that compare vectors use it: many times
/// faster than what SQL alone can do.
enum PostgresFunctions {
    static func make(in schema: String, _ transaction: SQLTransaction) throws {
        let place = SQLDialect.quoted(schema)
        try transaction.script(basic(place))
        try renew(in: schema, transaction)
    }

    /// Makes those anew that depend on whether pgvector is there.
    static func renew(in schema: String, _ transaction: SQLTransaction) throws {
        let extensionPlace: String? = try transaction.scalar(
            """
            SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
            WHERE e.extname = 'vector'
            """)
        let place = SQLDialect.quoted(schema)
        try transaction.script(extensionPlace.map { pgvector(place, SQLDialect.quoted($0)) } ?? plain(place))
    }

    /// Only plain words in it, so that two signs are enough to quote.
    private static func function(
        _ signature: String, returns type: String, cost: Int = 100, _ body: String
    ) -> String {
        """
        CREATE OR REPLACE FUNCTION \(signature) RETURNS \(type)
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST \(cost) AS $$ \(body) $$;

        """
    }

    private static func fail(_ place: String, _ words: String) -> String { "\(place).lightbox_fail(\(words))" }

    /// A comparison of two vectors that have as many numbers.
    private static func pair(_ place: String, _ name: String, cost: Int, _ body: String) -> String {
        function(
            "\(place).\(name)(real[], real[])", returns: "double precision", cost: cost,
            """
            SELECT CASE WHEN cardinality($1) = cardinality($2) THEN \(body) ELSE
            \(fail(place, "format('\(name): the vectors have %s and %s numbers', cardinality($1), cardinality($2))"))
            END
            """)
    }

    private static func plain(_ place: String) -> String {
        let both = "(SELECT unnest($1) AS x, unnest($2) AS y) AS v"
        let sums = "SELECT sum(x::float8 * y) AS xy, sum(x::float8 * x) * sum(y::float8 * y) AS l FROM \(both)"
        return pair(place, "dot", cost: 20_000, "(SELECT coalesce(sum(x::float8 * y), 0) FROM \(both))")
            + pair(
                place, "cosine_similarity", cost: 20_000,
                """
                (SELECT CASE WHEN l > 0 AND l <> 'NaN' THEN greatest(-1, least(1, xy / sqrt(l))) END
                 FROM (\(sums)) AS s)
                """)
            + pair(
                place, "l2_distance", cost: 20_000,
                "(SELECT sqrt(coalesce(sum((x::float8 - y) * (x::float8 - y)), 0)) FROM \(both))")
    }

    private static func pgvector(_ place: String, _ home: String) -> String {
        func compare(_ sign: String) -> String {
            "$1::\(home).vector OPERATOR(\(home).\(sign)) $2::\(home).vector"
        }
        let isEmpty = "cardinality($1) = 0"
        return pair(place, "dot", cost: 500, "CASE WHEN \(isEmpty) THEN 0 ELSE -(\(compare("<#>"))) END")
            + pair(
                place, "cosine_similarity", cost: 500,
                "CASE WHEN \(isEmpty) THEN NULL ELSE 1 - nullif(\(compare("<=>")), 'NaN') END")
            + pair(place, "l2_distance", cost: 500, "CASE WHEN \(isEmpty) THEN 0 ELSE \(compare("<->")) END")
    }

    private static func basic(_ place: String) -> String {
        let number = #"-?\d+(\.\d+)?([eE][+-]?\d+)?"#
        let array = #"^\s*\[\s*("# + number + #"(\s*,\s*"# + number + #")*)?\s*\]\s*$"#
        let notArray = fail(place, "'vector: this is not a JSON array of numbers, such as ''[0.5, 1]'''")
        let outside = fail(
            place,
            "format('vector_at: a vector of %s numbers has indices 0...%s', cardinality($1), cardinality($1) - 1)")
        return """
            CREATE OR REPLACE FUNCTION \(place).lightbox_fail(message text) RETURNS double precision
            LANGUAGE plpgsql PARALLEL SAFE AS $$ BEGIN
                RAISE EXCEPTION USING ERRCODE = 'LBX01', MESSAGE = message;
            END $$;

            """
                + function("\(place).vector_length(real[])", returns: "bigint", "SELECT cardinality($1)::bigint")
                + function("\(place).vector(real[])", returns: "real[]", "SELECT $1")
                + function(
                    "\(place).vector(text)", returns: "real[]",
                    "SELECT CASE WHEN $1 ~ '\(array)' THEN translate($1, '[]', '{}')::real[] ELSE ARRAY[\(notArray)]::real[] END"
                )
                + function(
                    "\(place).vector_at(real[], bigint)", returns: "double precision",
                    """
                    SELECT CASE WHEN $2 >= 0 AND $2 < cardinality($1) THEN $1[$2::int + 1]::float8 ELSE \(outside) END
                    """)
                + function(
                    "\(place).vector_json(real[])", returns: "text",
                    """
                    SELECT '[' || coalesce(string_agg(CASE WHEN x IN ('NaN', 'Infinity', '-Infinity') THEN 'null'
                        ELSE x::text END, ',' ORDER BY n), '') || ']' FROM unnest($1) WITH ORDINALITY AS u(x, n)
                    """)
                + function(
                    "\(place).round(double precision, integer)", returns: "double precision",
                    "SELECT round($1::numeric, $2)::float8")
                    + """
                    CREATE OR REPLACE FUNCTION \(place).ifnull(anycompatible, anycompatible) RETURNS anycompatible
                    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT coalesce($1, $2) $$;
                    CREATE OR REPLACE FUNCTION \(place).lightbox_add(bigint, boolean) RETURNS bigint
                    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
                        SELECT CASE WHEN $2 IS NULL THEN $1 ELSE coalesce($1, 0) + $2::int END $$;
                    CREATE OR REPLACE AGGREGATE \(place).sum(boolean) (
                        SFUNC = \(place).lightbox_add, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = SAFE);

                    """
    }
}
