/// ``Fingerprint64`` in PostgreSQL's own language, which has no whole numbers without a sign: products and sums go
/// through `numeric`. Some thousands of rows a second.
enum PostgresFingerprint {
    /// In these, HOME_ is the schema; numbers are two's complement.
    static let script = #"""
        CREATE OR REPLACE FUNCTION HOME_.lightbox_wrap(numeric) RETURNS bigint
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT CASE WHEN r > 9223372036854775807 THEN r - 18446744073709551616 WHEN r < -9223372036854775808
                THEN r + 18446744073709551616 ELSE r END::bigint FROM (SELECT $1 % 18446744073709551616 AS r) AS s $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_times(bigint, bigint) RETURNS bigint
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT HOME_.lightbox_wrap($1::numeric * $2) $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_plus(VARIADIC bigint[]) RETURNS bigint
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT HOME_.lightbox_wrap(sum(x::numeric)) FROM unnest($1) AS u(x) $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_rotate(bigint, int) RETURNS bigint
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT (($1 >> $2) & ((1::bigint << (64 - $2)) - 1)) | ($1 << (64 - $2)) $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_shift(bigint) RETURNS bigint
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT $1 # (($1 >> 47) & 131071) $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_word(bytea, int, int) RETURNS bigint
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT bit_or(get_byte($1, $2 + i)::bigint << (8 * i)) FROM generate_series(0, $3 - 1) AS g(i) $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_mix(u bigint, v bigint, mul bigint) RETURNS bigint
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE a bigint;
        BEGIN
            a := HOME_.lightbox_shift(HOME_.lightbox_times(u # v, mul));
            RETURN HOME_.lightbox_times(HOME_.lightbox_shift(HOME_.lightbox_times(v # a, mul)), mul);
        END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_weak(s bytea, o int, a bigint, b bigint) RETURNS bigint[]
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE c bigint; d bigint; e bigint;
        BEGIN
            c := HOME_.lightbox_plus(a, HOME_.lightbox_word(s, o, 8));
            d := HOME_.lightbox_rotate(HOME_.lightbox_plus(b, c, HOME_.lightbox_word(s, o + 24, 8)), 21);
            e := HOME_.lightbox_plus(c, HOME_.lightbox_word(s, o + 8, 8), HOME_.lightbox_word(s, o + 16, 8));
            RETURN ARRAY[HOME_.lightbox_plus(e, HOME_.lightbox_word(s, o + 24, 8)),
                HOME_.lightbox_plus(d, HOME_.lightbox_rotate(e, 44), c)];
        END $$;
        CREATE OR REPLACE FUNCTION HOME_.lightbox_fingerprint(value text) RETURNS bigint
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            s bytea := convert_to(value, 'UTF8'); n int := octet_length(convert_to(value, 'UTF8'));
            k0 bigint := -4348849565147123417; k1 bigint := -5435081209227447693; k2 bigint := -7286425919675154353;
            mul bigint := HOME_.lightbox_plus(-7286425919675154353, 2 * octet_length(convert_to(value, 'UTF8')));
            a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; g bigint; h bigint; x bigint; y bigint; z bigint;
            v bigint[]; w bigint[]; o int; last int; nine bigint;
        BEGIN
            IF n = 0 THEN RETURN k2; END IF;
            IF n < 4 THEN
                y := get_byte(s, 0) + (get_byte(s, n / 2)::bigint << 8);
                z := n + (get_byte(s, n - 1)::bigint << 2);
                RETURN HOME_.lightbox_times(
                    HOME_.lightbox_shift(HOME_.lightbox_times(y, k2) # HOME_.lightbox_times(z, k0)), k2);
            END IF;
            IF n < 8 THEN
                RETURN HOME_.lightbox_mix(n + (HOME_.lightbox_word(s, 0, 4) << 3), HOME_.lightbox_word(s, n - 4, 4), mul);
            END IF;
            IF n <= 16 THEN
                a := HOME_.lightbox_plus(HOME_.lightbox_word(s, 0, 8), k2);
                b := HOME_.lightbox_word(s, n - 8, 8);
                c := HOME_.lightbox_plus(HOME_.lightbox_times(HOME_.lightbox_rotate(b, 37), mul), a);
                d := HOME_.lightbox_times(HOME_.lightbox_plus(HOME_.lightbox_rotate(a, 25), b), mul);
                RETURN HOME_.lightbox_mix(c, d, mul);
            END IF;
            IF n <= 64 THEN
                a := HOME_.lightbox_times(HOME_.lightbox_word(s, 0, 8), CASE WHEN n <= 32 THEN k1 ELSE k2 END);
                b := HOME_.lightbox_word(s, 8, 8);
                c := HOME_.lightbox_times(HOME_.lightbox_word(s, n - 8, 8), mul);
                d := HOME_.lightbox_times(HOME_.lightbox_word(s, n - 16, 8), k2);
                y := HOME_.lightbox_plus(
                    HOME_.lightbox_rotate(HOME_.lightbox_plus(a, b), 43), HOME_.lightbox_rotate(c, 30), d);
                z := HOME_.lightbox_mix(
                    y, HOME_.lightbox_plus(a, HOME_.lightbox_rotate(HOME_.lightbox_plus(b, k2), 18), c), mul);
                IF n <= 32 THEN RETURN z; END IF;
                e := HOME_.lightbox_times(HOME_.lightbox_word(s, 16, 8), mul);
                f := HOME_.lightbox_word(s, 24, 8);
                g := HOME_.lightbox_times(HOME_.lightbox_plus(y, HOME_.lightbox_word(s, n - 32, 8)), mul);
                h := HOME_.lightbox_times(HOME_.lightbox_plus(z, HOME_.lightbox_word(s, n - 24, 8)), mul);
                RETURN HOME_.lightbox_mix(
                    HOME_.lightbox_plus(HOME_.lightbox_rotate(HOME_.lightbox_plus(e, f), 43), HOME_.lightbox_rotate(g, 30), h),
                    HOME_.lightbox_plus(e, HOME_.lightbox_rotate(HOME_.lightbox_plus(f, a), 18), g), mul);
            END IF;
            x := HOME_.lightbox_plus(HOME_.lightbox_times(81, k2), HOME_.lightbox_word(s, 0, 8));
            y := HOME_.lightbox_plus(HOME_.lightbox_times(81, k1), 113);
            z := HOME_.lightbox_times(HOME_.lightbox_shift(HOME_.lightbox_plus(HOME_.lightbox_times(y, k2), 113)), k2);
            v := ARRAY[0, 0]; w := ARRAY[0, 0];
            last := (n - 1) / 64 * 64;
            o := 0; mul := k1; nine := 1;
            LOOP
                IF o = last THEN
                    mul := HOME_.lightbox_plus(k1, (z & 255) << 1);
                    o := last + ((n - 1) & 63) - 63;
                    w[1] := HOME_.lightbox_plus(w[1], (n - 1) & 63);
                    v[1] := HOME_.lightbox_plus(v[1], w[1]);
                    w[1] := HOME_.lightbox_plus(w[1], v[1]);
                    nine := 9;
                END IF;
                x := HOME_.lightbox_times(
                    HOME_.lightbox_rotate(HOME_.lightbox_plus(x, y, v[1], HOME_.lightbox_word(s, o + 8, 8)), 37), mul);
                y := HOME_.lightbox_times(
                    HOME_.lightbox_rotate(HOME_.lightbox_plus(y, v[2], HOME_.lightbox_word(s, o + 48, 8)), 42), mul);
                x := x # HOME_.lightbox_times(w[2], nine);
                y := HOME_.lightbox_plus(y, HOME_.lightbox_times(v[1], nine), HOME_.lightbox_word(s, o + 40, 8));
                z := HOME_.lightbox_times(HOME_.lightbox_rotate(HOME_.lightbox_plus(z, w[1]), 33), mul);
                v := HOME_.lightbox_weak(s, o, HOME_.lightbox_times(v[2], mul), HOME_.lightbox_plus(x, w[1]));
                w := HOME_.lightbox_weak(
                    s, o + 32, HOME_.lightbox_plus(z, w[2]), HOME_.lightbox_plus(y, HOME_.lightbox_word(s, o + 16, 8)));
                a := z; z := x; x := a;
                EXIT WHEN nine = 9;
                o := o + 64;
            END LOOP;
            RETURN HOME_.lightbox_mix(
                HOME_.lightbox_plus(
                    HOME_.lightbox_mix(v[1], w[1], mul), HOME_.lightbox_times(HOME_.lightbox_shift(y), k0), z),
                HOME_.lightbox_plus(HOME_.lightbox_mix(v[2], w[2], mul), x), mul);
        END $$;

        """#
}
