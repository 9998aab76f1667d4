import Database

/// The functions of ``GoogleFunctions`` in PostgreSQL, beside the user's tables.
enum PostgresGoogleFunctions {
    static func make(in schema: String, _ transaction: SQLTransaction) throws {
        let place = SQLDialect.quoted(schema)
        try transaction.script(
            (texts + numbers + dates + PostgresFingerprint.script).replacing("HOME_", with: place))
    }

    /// In these, HOME_ is the schema.
    private static let texts = #"""
        CREATE OR REPLACE FUNCTION HOME_.lightbox_refuse(message text) RETURNS text
        LANGUAGE plpgsql PARALLEL SAFE AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'LBX01', MESSAGE = message; END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_substr(text, bigint) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT CASE WHEN $2 > 0 THEN substr($1, least($2, 2147483647)::int)
                ELSE substr($1, CASE WHEN $2 = 0 OR -$2 >= length($1) THEN 1 ELSE length($1) + $2::int + 1 END) END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_substr(text, bigint, bigint) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT CASE WHEN $3 < 0 THEN HOME_.lightbox_refuse('Third argument in SUBSTR() cannot be negative')
                ELSE left(HOME_.lightbox_substr($1, $2), least($3, 2147483647)::int) END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_split_at(text, text, bigint, boolean) RETURNS text
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE parts text[] := string_to_array($1, CASE WHEN $2 = '' THEN NULL ELSE $2 END);
        BEGIN
            IF $1 = '' THEN parts := ARRAY['']; END IF;
            IF $3 >= 0 AND $3 < cardinality(parts) THEN RETURN parts[$3::int + 1]; END IF;
            IF $4 THEN RETURN NULL; END IF;
            RETURN HOME_.lightbox_refuse(format('Array index %s is out of bounds', $3));
        END $$;

        """#

    private static let numbers = #"""
        CREATE OR REPLACE FUNCTION HOME_.lightbox_round(double precision, bigint) RETURNS double precision
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE scale double precision; scaled double precision; halved double precision;
        BEGIN
            IF abs($1) = 'Infinity' OR $1 = 'NaN' OR abs($2) > 300 THEN RETURN CASE WHEN $2 < 0 THEN 0 ELSE $1 END; END IF;
            scale := power(10::double precision, abs($2)::double precision);
            scaled := CASE WHEN $2 >= 0 THEN $1 * scale ELSE $1 / scale END;
            halved := trunc(abs(scaled));
            IF abs(scaled) - halved >= 0.5 THEN halved := halved + 1; END IF;
            halved := halved * sign(scaled);
            RETURN CASE WHEN $2 >= 0 THEN halved / scale ELSE halved * scale END;
        END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_sign(double precision) RETURNS double precision
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT sign($1) $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_sign(bigint) RETURNS bigint
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT CASE WHEN $1 > 0 THEN 1 WHEN $1 < 0 THEN -1 ELSE 0 END::bigint $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_ieee_divide(double precision, double precision) RETURNS double precision
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT CASE WHEN $2 <> 0 THEN $1 / $2 WHEN $1 = 0 OR $1 = 'NaN' THEN NULL
                WHEN $1 > 0 THEN 'Infinity'::double precision ELSE '-Infinity'::double precision END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_to_int(text, boolean) RETURNS bigint
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE value numeric;
        BEGIN
            IF btrim($1) ~ '^[+-]?[0-9]{1,40}$' THEN
                value := btrim($1)::numeric;
                IF value BETWEEN -9223372036854775808 AND 9223372036854775807 THEN RETURN value::bigint; END IF;
            END IF;
            IF $2 THEN RETURN NULL; END IF;
            PERFORM HOME_.lightbox_refuse('Bad int64 value');
            RETURN NULL;
        END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_to_int(double precision, boolean) RETURNS bigint
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE value double precision := HOME_.lightbox_round($1, 0);
        BEGIN
            IF value >= -9223372036854775808 AND value < 9223372036854775808 THEN RETURN value::bigint; END IF;
            IF $2 THEN RETURN NULL; END IF;
            PERFORM HOME_.lightbox_refuse('Bad int64 value');
            RETURN NULL;
        END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_to_float(text, boolean) RETURNS double precision
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        BEGIN
            IF btrim($1) ~* '^[+-]?(([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]{1,4})?|inf|infinity|nan)$' THEN
                RETURN btrim($1)::double precision;
            END IF;
            IF $2 THEN RETURN NULL; END IF;
            PERFORM HOME_.lightbox_refuse('Bad double value');
            RETURN NULL;
        END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_to_bool(text, boolean) RETURNS boolean
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        BEGIN
            IF lower($1) IN ('true', 'false') THEN RETURN lower($1) = 'true'; END IF;
            IF $2 THEN RETURN NULL; END IF;
            PERFORM HOME_.lightbox_refuse('Bad bool value');
            RETURN NULL;
        END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_to_text(double precision) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT CASE $1 WHEN 'NaN' THEN 'nan' WHEN 'Infinity' THEN 'inf' WHEN '-Infinity' THEN '-inf' ELSE $1::text END $$;

        """#

    private static let dates = #"""
        CREATE OR REPLACE FUNCTION HOME_.lightbox_now(text) RETURNS text
        LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
            SELECT to_char(now() AT TIME ZONE 'UTC', CASE $1 WHEN 'DATE' THEN 'YYYY-MM-DD' ELSE 'YYYY-MM-DD HH24:MI:SS.US' END)
                COLLATE "C" $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_to_time(value text, kind text, safe boolean) RETURNS text
        LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
        DECLARE m text[]; t timestamp; zone text;
        BEGIN
            m := regexp_match(btrim(value),
                '^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt ]([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:[.]([0-9]{1,6}))?)?)?(?: ?(Z|z|UTC|[+-][0-9]{1,2}(?::?[0-9]{2})?))?$');
            IF m IS NULL OR (m[8] IS NOT NULL AND (kind <> 'TIMESTAMP' OR m[4] IS NULL)) OR coalesce(m[4], '0')::int > 23
                OR coalesce(m[5], '0')::int > 59 OR coalesce(m[6], '0')::int > 59 OR m[1] = '0000'
                OR m[2]::int NOT BETWEEN 1 AND 12 OR m[3]::int NOT BETWEEN 1 AND 31
                OR m[3]::int > extract(day FROM make_date(m[1]::int, m[2]::int, 1) + interval '1 month' - interval '1 day') THEN
                IF safe THEN RETURN NULL; END IF;
                RETURN HOME_.lightbox_refuse('Invalid ' || lower(kind) || ' string');
            END IF;
            IF kind = 'DATE' THEN RETURN to_char(make_date(m[1]::int, m[2]::int, m[3]::int), 'YYYY-MM-DD'); END IF;
            t := make_timestamp(m[1]::int, m[2]::int, m[3]::int, coalesce(m[4], '0')::int, coalesce(m[5], '0')::int,
                coalesce(m[6], '0')::int) + make_interval(secs => ('0.' || coalesce(m[7], '0'))::double precision);
            zone := m[8];
            IF zone ~ '^[+-]' THEN
                t := t - (left(zone, 1) || '1')::int * make_interval(
                    hours => substring(zone from '[0-9]{1,2}')::int,
                    mins => coalesce(substring(zone from '[0-9]{1,2}:?([0-9]{2})$'), '0')::int);
            END IF;
            RETURN to_char(t, 'YYYY-MM-DD HH24:MI:SS') || CASE WHEN to_char(t, 'US') = '000000' THEN '' ELSE to_char(t, '.US') END;
        END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_date_add(text, bigint, text) RETURNS text
        LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
            SELECT to_char($1::date + CASE $3 WHEN 'DAY' THEN make_interval(days => $2::int)
                WHEN 'WEEK' THEN make_interval(weeks => $2::int) WHEN 'MONTH' THEN make_interval(months => $2::int)
                WHEN 'QUARTER' THEN make_interval(months => 3 * $2::int) WHEN 'YEAR' THEN make_interval(years => $2::int) END,
                'YYYY-MM-DD') $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_date_diff(text, text, text) RETURNS bigint
        LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
            SELECT CASE $3 WHEN 'DAY' THEN $1::date - $2::date
                WHEN 'WEEK' THEN floor(($1::date - date '1970-01-04') / 7.0) - floor(($2::date - date '1970-01-04') / 7.0)
                WHEN 'ISOWEEK' THEN floor(($1::date - date '1970-01-05') / 7.0) - floor(($2::date - date '1970-01-05') / 7.0)
                WHEN 'YEAR' THEN extract(year FROM $1::date) - extract(year FROM $2::date)
                WHEN 'QUARTER' THEN 4 * (extract(year FROM $1::date) - extract(year FROM $2::date))
                    + extract(quarter FROM $1::date) - extract(quarter FROM $2::date)
                WHEN 'MONTH' THEN 12 * (extract(year FROM $1::date) - extract(year FROM $2::date))
                    + extract(month FROM $1::date) - extract(month FROM $2::date) END::bigint $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_date_trunc(text, text) RETURNS text
        LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
            SELECT to_char(CASE $2 WHEN 'WEEK' THEN $1::date - extract(dow FROM $1::date)::int
                WHEN 'ISOWEEK' THEN date_trunc('week', $1::date)::date ELSE date_trunc(lower($2), $1::date)::date END, 'YYYY-MM-DD') $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_date_part(text, text) RETURNS bigint
        LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
            SELECT CASE $2 WHEN 'DAY' THEN extract(day FROM $1::date) WHEN 'DAYOFWEEK' THEN extract(dow FROM $1::date) + 1
                WHEN 'DAYOFYEAR' THEN extract(doy FROM $1::date) WHEN 'MONTH' THEN extract(month FROM $1::date)
                WHEN 'QUARTER' THEN extract(quarter FROM $1::date) WHEN 'YEAR' THEN extract(year FROM $1::date)
                WHEN 'ISOYEAR' THEN extract(isoyear FROM $1::date) WHEN 'ISOWEEK' THEN extract(week FROM $1::date) END::bigint $$;

        """#
}
